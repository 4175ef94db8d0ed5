// The site: its pages, their order, and what counts as a fault. `build` returns whether there was no warning.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Application } from 'typedoc'
import { addTags } from './categories.mjs'
import { writeGuides } from './guides.mjs'
import { describeNamespaces, GROUP_ORDER } from './namespaces.mjs'
import { NamespaceRouter, NamespaceTheme } from './pages.mjs'

const here = import.meta.dirname
const root = join(here, '..', '..')
const cache = join(root, '.cache')
const { name, repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const REPOSITORY = repository.url.replace(/^git\+|\.git$/g, '')

/** The names of typedoc for the entry points, with those of an import. */
const ENTRY_POINTS = { src: name, laws: `${name}/laws` }

const CATEGORY_ORDER = [
  'constructors',
  'model',
  'combinators',
  'destructors',
  'refinements',
  'predicates',
  'instances',
  'formats',
  'transports',
  '*',
]

export const build = async () => {
  const { start, guides } = writeGuides(root, join(cache, 'site-pages'), REPOSITORY)
  const app = await Application.bootstrap({
    name,
    readme: start,
    includeVersion: true,
    tsconfig: join(root, 'tsconfig.json'),
    basePath: root,
    entryPoints: Object.keys(ENTRY_POINTS).map((folder) => join(root, folder, 'index.ts')),
    projectDocuments: guides,
    // The scripts `check` and `test` check the types.
    skipErrorChecking: true,
    excludeInternal: true,

    disableGit: true,
    sourceLinkTemplate: `${REPOSITORY}/blob/main/{path}#L{line}`,
    navigationLinks: { Repository: REPOSITORY },

    sort: ['source-order'],
    sortEntryPoints: false,
    groupOrder: ['Modules', ...GROUP_ORDER, 'Guides', 'Architecture', 'Interfaces', 'Type Aliases', 'Functions', 'Variables', '*'],
    categoryOrder: CATEGORY_ORDER,
    groupReferencesByType: true,
    navigation: { includeCategories: false, includeGroups: true, includeFolders: false },
    headings: { readme: false, document: false },
    // GitHub draws them.
    ignoredHighlightLanguages: ['mermaid'],
    useFirstParagraphOfCommentAsSummary: true,
    includeHierarchySummary: false,
    favicon: join(here, 'favicon.svg'),
    customCss: join(here, 'site.css'),
    router: 'namespace',
    theme: 'namespace',

    // `test/surface.test.ts` checks that users can name every type, and `npm run docs:test` counts the doc comments.
    validation: { notExported: false, invalidLink: true, invalidPath: true, notDocumented: false },
    treatWarningsAsErrors: true,
  })
  app.renderer.defineRouter('namespace', NamespaceRouter)
  app.renderer.defineTheme('namespace', NamespaceTheme)
  describeNamespaces(app, ENTRY_POINTS)
  addTags(app)

  const project = await app.convert()
  if (project === undefined) return false
  app.validate(project)
  await app.generateDocs(project, join(cache, 'site'))
  await app.generateJson(project, join(cache, 'site.json'))
  return !app.logger.hasErrors() && !app.logger.hasWarnings()
}
