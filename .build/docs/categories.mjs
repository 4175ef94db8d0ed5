// The category and the version of each export. A `@category` or `@since` in its own doc comment wins. Otherwise the
// category follows from what the export is, and the version is that of the first release.
import { Comment, CommentTag, Converter, ReflectionKind } from 'typedoc'

export const FIRST_VERSION = '0.1.0'

const INSTANCE =
  /^(?:Eq|Ord|Show|Monoid|Semigroup|BoundedJoinSemilattice|Functor|Apply|Applicative|Chain|Monad\w*|Alt|Compactable)\d?(?:Of)?$/
const FORMATS = /^(?:encode|decode|parse|read|write|render|show|print|canonical|to[A-Z]\w*|from(?:Curl|Json|Text)\w*)/

const signatureOf = (reflection) => reflection.signatures?.[0] ?? reflection.type?.declaration?.signatures?.[0]

/** The type that a function returns after all its arguments. */
const resultOf = (type) => {
  const inner = type?.type === 'reflection' ? type.declaration.signatures?.[0] : undefined
  return inner === undefined ? type : resultOf(inner.type)
}

/** Also reads the JSON of typedoc. `owner` is the name of the namespace. */
export const categoryOf = (reflection, owner) => {
  if (reflection.kind & (ReflectionKind.Interface | ReflectionKind.TypeAlias | ReflectionKind.Class)) return 'model'
  const signature = signatureOf(reflection)
  const type = reflection.type
  if (signature === undefined) {
    if (/^with/.test(reflection.name) || type?.name === 'Endomorphism') return 'combinators'
    return INSTANCE.test(type?.name ?? '') || INSTANCE.test(reflection.name) ? 'instances' : 'constructors'
  }
  const result = resultOf(signature.type)
  if (/^get\w*(?:Eq|Ord|Show|Monoid|Semigroup)$/.test(reflection.name)) return 'instances'
  if (result?.type === 'predicate') return 'refinements'
  if (result?.name === 'boolean') return 'predicates'
  if (result?.name === 'Transport') return 'transports'
  if (/^match/.test(reflection.name)) return 'destructors'
  if (reflection.name === 'make') return 'constructors'
  if (FORMATS.test(reflection.name)) return 'formats'
  if (/^with|^(?:map|flatMap|tap|orElse|ap|bind|let|chain|alt|join|concat)/.test(reflection.name)) return 'combinators'
  if (result?.name !== owner && result?.name !== 'Either' && result?.name !== 'Arbitrary') return 'destructors'
  return signature.type === result ? 'constructors' : 'combinators'
}

/** Completes the tags of the exports of each namespace. */
export const addTags = (app) => {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    const members = project
      .getReflectionsByKind(ReflectionKind.Namespace | ReflectionKind.Module)
      .flatMap((owner) => (owner.children ?? []).map((member) => ({ member, owner })))
      .filter(({ member }) => !member.kindOf(ReflectionKind.Namespace))
    for (const { member, owner } of members) {
      if (member.isReference()) continue
      const comment = commentOf(member)
      add(comment, '@since', () => FIRST_VERSION)
      add(comment, '@category', () => categoryOf(member, owner.name))
    }
    // An export that has its page elsewhere is listed in the same category.
    for (const { member, owner } of members) {
      const target = member.isReference() && owner.kindOf(ReflectionKind.Namespace) && member.getTargetReflectionDeep()
      if (target && !target.kindOf(ReflectionKind.Namespace)) member.comment = commentOf(target).clone()
    }
  })
}

/** The comment of a function is that of its signature, where typedoc also reads its category. */
const commentOf = (member) => {
  const target = member.signatures?.[0] ?? member
  target.comment ??= new Comment()
  return target.comment
}

const add = (comment, tag, value) => {
  if (comment.getTag(tag) === undefined) comment.blockTags.push(new CommentTag(tag, [{ kind: 'text', text: value() }]))
}
