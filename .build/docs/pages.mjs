// The pages. A namespace has one page with all its members, as in the documentation of fp-ts, so that a reader sees it as a
// whole. By default typedoc makes a page for each member.
import { DefaultTheme, DefaultThemeRenderContext, JSX, ReflectionKind, StructureRouter } from 'typedoc'

const PAGES = ReflectionKind.Module | ReflectionKind.Namespace | ReflectionKind.Document

/** The addresses. That of a guide is given by `guides.mjs`. */
export class NamespaceRouter extends StructureRouter {
  getPageKind(target) {
    return target.kind === undefined || target.isProject() || target.kindOf(PAGES) ? super.getPageKind(target) : undefined
  }

  // A type parameter is printed in the signature only.
  buildAnchors(target, page) {
    if (!target.kindOf?.(ReflectionKind.TypeParameter)) super.buildAnchors(target, page)
  }

  getIdealBaseName(target) {
    return target.isDocument() ? `guides/${target.frontmatter.address}` : super.getIdealBaseName(target)
  }
}

const RECORDS = ReflectionKind.Interface | ReflectionKind.Class

class NamespaceContext extends DefaultThemeRenderContext {
  constructor(...args) {
    super(...args)
    const { moduleMemberSummary, member, memberDeclaration } = this
    this.moduleMemberSummary = (target) =>
      target.isReference() || this.router.hasOwnDocument(target)
        ? moduleMemberSummary(target)
        : JSX.createElement('dd', { class: 'whole-member' }, this.member(target))
    // A declaration prints an interface with its fields, so a field needs only its comment.
    this.member = (target) =>
      target.kindOf(ReflectionKind.Property) && target.parent?.kindOf(RECORDS) ? this.field(target) : member(target)
    this.memberDeclaration = (target) => {
      const declaration = target.kindOf(RECORDS) ? this.reflectionPreview(target) : undefined
      return declaration === undefined ? memberDeclaration(target) : this.withComment(declaration, target)
    }
    // Parameters are described in the sentences of a comment, and a signature has their types.
    this.memberSignatureBody = (signature) => this.withComment(undefined, signature)
  }

  field(target) {
    const name = JSX.createElement('code', null, target.name)
    return JSX.createElement('div', { class: 'field', id: this.getAnchor(target) }, name, this.withComment(undefined, target))
  }

  withComment(declaration, target) {
    const sources = target.kindOf(ReflectionKind.Property) ? undefined : this.memberSources(target)
    const comment = [this.commentSummary(target), this.commentTags(target)]
    return JSX.createElement(JSX.Fragment, null, declaration, ...comment, sources)
  }
}

/** Prints each member of a namespace in full, instead of a link to its page. */
export class NamespaceTheme extends DefaultTheme {
  getRenderContext(page) {
    return new NamespaceContext(this.router, this, page, this.application.options)
  }
}
