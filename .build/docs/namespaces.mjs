// The description and the group of each namespace. typedoc does not read the comment at the head of a module that is
// exported with `export * as`, so this plugin reads it.
import { readFileSync } from 'node:fs'
import { Comment, CommentTag, Converter, MinimalSourceFile, ReflectionKind } from 'typedoc'
import { namespaces } from '../exports.mjs'

/** The groups of the public namespaces, in the order of the site. A namespace that is not listed belongs to `REST`. */
const GROUPS = {
  'Start here': 'Http Client Session Request Response Pages Auth Jar Plan HttpError Settings',
  Inspect: 'Explain Story Lint Diff Har Paint Why Observer',
  Transports: 'Transport AddressPolicy Retry Tape Stream Fault Reply Head',
  State: 'JarStore Durable Log Cipher Store',
  Stages: 'Merge Prepare Redirect Exchange Send Route RedirectPolicy',
}
const REST = 'Values'

const DEPRECATED = 'Deprecated names'

export const GROUP_ORDER = [...Object.keys(GROUPS), REST, DEPRECATED]

const listed = Object.entries(GROUPS).flatMap(([group, names]) => names.split(' ').map((name) => ({ name, group })))
const unknown = listed.filter(({ name }) => !namespaces.some((namespace) => namespace.name === name))
if (unknown.length > 0) throw new Error(`Unknown namespaces in GROUPS: ${unknown.map(({ name }) => name).join(', ')}`)

const groupOf = (name) => listed.find((namespace) => namespace.name === name)?.group ?? REST

/** Sorts namespaces as they are listed above. */
const byPosition = (a, b) =>
  listed.findIndex(({ name }) => name === a.name) - listed.findIndex(({ name }) => name === b.name)

/** The comment at the head of a module: its Markdown text, and its block tags. */
const headerOf = (path) => {
  const comment = /^\/\*\*([\s\S]*?)\*\//.exec(readFileSync(path, 'utf8'))?.[1] ?? ''
  const lines = comment.split('\n').map((line) => line.replace(/^ \* ?/, '').trimEnd())
  const [summary, ...tags] = lines.join('\n').trim().split(/^(?=@[a-z]+\b)/im)
  return { summary, tags: tags.map((tag) => /^(@\w+)\s*([\s\S]*)$/.exec(tag.trimEnd())?.slice(1) ?? []) }
}

const text = (value) => [{ kind: 'text', text: value }]

const blockTag = ([name, value]) =>
  new CommentTag(name, name === '@example' ? [{ kind: 'code', text: `\`\`\`ts\n${value}\n\`\`\`` }] : text(value))

/** Gives each module and namespace its description. `entryPoints` maps the names that typedoc uses to those of imports. */
export const describeNamespaces = (app, entryPoints) => {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    if (!reflection.kindOf([ReflectionKind.Module, ReflectionKind.Namespace])) return
    const path = context.getSymbolFromReflection(reflection)?.declarations?.[0]?.fileName
    if (path === undefined) return
    const { summary, tags } = headerOf(path)
    const { content } = app.converter.parseRawComment(new MinimalSourceFile(summary, path), app.files)
    reflection.comment = new Comment(content, tags.map(blockTag))
    if (reflection.kindOf(ReflectionKind.Module)) {
      reflection.name = entryPoints[reflection.name] ?? reflection.name
    } else if (reflection.parent?.name === 'requests-ts') {
      reflection.comment.blockTags.push(new CommentTag('@group', text(groupOf(reflection.name))))
    }
  })
  // The groups are complete after the plugin of typedoc, which has the priority -100.
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const alias of project.getReflectionsByKind(ReflectionKind.Reference)) {
      if (alias.parent?.kindOf(ReflectionKind.Module)) {
        alias.comment?.blockTags.push(new CommentTag('@group', text(DEPRECATED)))
      }
    }
    // The name that typedoc gives to a parameter that is destructured.
    for (const parameter of project.getReflectionsByKind(ReflectionKind.Parameter)) {
      if (parameter.name.startsWith('__')) parameter.name = 'options'
    }
  })
  app.converter.on(
    Converter.EVENT_RESOLVE_END,
    ({ project }) => {
      for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
        for (const group of module.groups ?? []) if (group.title in GROUPS) group.children.sort(byPosition)
      }
    },
    -200,
  )
}
