// The Markdown files of the repository that are pages of the site. They are copied with a title and a group, and with
// links that work there: a link to another guide leads to its page, and a link to any other file leads to the repository.
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, posix } from 'node:path'

/** The start page. */
const START = 'README.md'

/** The groups of the navigation, and their pages in order. */
const GROUPS = {
  Guides: [
    'src/session/README.md',
    'src/session/auth/README.md',
    'src/session/sending/README.md',
    'src/cookies/README.md',
    'src/store/README.md',
    'src/durable/README.md',
    'test/fleet/README.md',
    'src/stages/README.md',
    'src/transport/undici/README.md',
    'test/platforms/README.md',
    'src/transport/fetch/README.md',
    'src/transport/download/README.md',
    'src/transport/README.md',
    'src/program/README.md',
    'src/errors/README.md',
    'src/client/README.md',
    'src/session/observation/README.md',
    'src/inspect/README.md',
    'laws/README.md',
    'test/programs/README.md',
    'test/conformance/README.md',
    'src/cli/README.md',
  ],
  Architecture: [
    'src/README.md',
    'src/values/README.md',
    'src/wire/README.md',
    'test/bench/README.md',
    '.github/CHANGELOG.md',
  ],
}

/** A text without the lines of its code blocks and without its inline code, which may contain brackets. */
const outsideCode = (markdown, change) =>
  markdown
    .split(/(^```[\s\S]*?^```$|`[^`\n]+`)/m)
    .map((part, i) => (i % 2 === 1 ? part : change(part)))
    .join('')

const isReadme = (path) => posix.basename(path) === 'README.md'

/** The last part of the address of a guide: `cookies` for `src/cookies/README.md`. */
const addressOf = (path) => posix.basename(isReadme(path) ? posix.dirname(path) : path, '.md').toLowerCase()

/** Writes the pages into `folder`, and returns the paths of the start page and of the guides. */
export const writeGuides = (root, folder, repository) => {
  const groupOf = new Map(Object.entries(GROUPS).flatMap(([group, paths]) => paths.map((path) => [path, group])))
  const guides = [...groupOf.keys()]
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
    const title = /^# (.+)$/m.exec(markdown)?.[1]
    const properties = { title, group: groupOf.get(path), address: addressOf(path) }
    const lines = Object.entries(properties).map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    return `---\n${lines.join('\n')}\n---\n\n${body}`
  }

  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [path, name] of pages) writeFileSync(join(folder, name), page(path))
  const at = (path) => join(folder, pages.get(path))
  return { start: at(START), guides: guides.map(at) }
}
