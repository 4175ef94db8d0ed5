// The Markdown files of the repository that are pages of the site. They are copied with a title and a group, and with
// links that work there: a link to another guide leads to its page, and a link to any other file leads to the repository.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, posix } from 'node:path'

/** The start page. */
const START = 'README.md'

/** The guides that are not README files of layers, in the order of the navigation. */
const GUIDES = ['src/README.md', 'laws/README.md', 'test/conformance/README.md', '.github/CHANGELOG.md']

const LAYERS = 'src'

/** A text without the lines of its code blocks and without its inline code, which may contain brackets. */
const outsideCode = (markdown, change) =>
  markdown
    .split(/(^```[\s\S]*?^```$|`[^`\n]+`)/m)
    .map((part, i) => (i % 2 === 1 ? part : change(part)))
    .join('')

const isReadme = (path) => posix.basename(path) === 'README.md'

/** The last part of the address of a guide: `cookies` for `src/cookies/README.md`. */
const addressOf = (path) => posix.basename(isReadme(path) ? posix.dirname(path) : path, '.md').toLowerCase()

const capitalized = (word) => word.charAt(0).toUpperCase() + word.slice(1)

/** Writes the pages into `folder`, and returns the paths of the start page and of the guides. */
export const writeGuides = (root, folder, repository) => {
  const layers = readdirSync(join(root, LAYERS), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, LAYERS, entry.name, 'README.md')))
    .map(({ name }) => `${LAYERS}/${name}/README.md`)
  const guides = [...GUIDES, ...layers]
  const pages = new Map([START, ...guides].map((path) => [path, path === START ? path : `${addressOf(path)}.md`]))

  const link = (from, target) => {
    const [path, anchor] = target.split('#', 2)
    if (path === '' || /^[a-z]+:/.test(path)) return target
    const file = posix.normalize(posix.join(posix.dirname(from), path)).replace(/\/$/, '')
    const suffix = anchor === undefined ? '' : `#${anchor}`
    if (pages.has(file)) return `${pages.get(file)}${suffix}`
    // A link to a missing file stays as it is, so that typedoc reports it.
    if (!existsSync(join(root, file))) return target
    return `${repository}/${statSync(join(root, file)).isDirectory() ? 'tree' : 'blob'}/main/${file}${suffix}`
  }
  const withLinks = (path, markdown) =>
    outsideCode(markdown, (text) => text.replace(/\]\(([^)\s]+)\)/g, (_, target) => `](${link(path, target)})`))
  const page = (path) => {
    const markdown = readFileSync(join(root, path), 'utf8')
    const body = withLinks(path, markdown)
    if (path === START) return body
    const isLayer = layers.includes(path)
    const title = isLayer ? capitalized(addressOf(path)) : /^# (.+)$/m.exec(markdown)?.[1]
    const properties = { title, group: isLayer ? 'Layers' : 'Guides', address: addressOf(path) }
    const lines = Object.entries(properties).map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    return `---\n${lines.join('\n')}\n---\n\n${body}`
  }

  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [path, name] of pages) writeFileSync(join(folder, name), page(path))
  const at = (path) => join(folder, pages.get(path))
  return { start: at(START), guides: guides.map(at) }
}
