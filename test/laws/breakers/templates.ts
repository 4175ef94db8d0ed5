/** Incorrect implementations of URI templates, and the laws that each of them breaks. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { template } from '../../../laws/rules/template.js'
import type { Expand } from '../../../laws/TemplateLaws.js'
import { read, write } from '../../../src/values/template/Expansion.js'
import { parse } from '../../../src/values/template/TemplateSyntax.js'
import * as Url from '../../../src/values/Url.js'
import { untyped } from '../../untyped.js'
import type { Case } from './Lawbreaker.js'

interface Mistake {
  readonly history: string
  readonly expand: Expand
  readonly breaks: ReadonlyArray<string>
}

const lawful: Expand = (text) => Url.template(text)

/** Expands as the RFC says: a variable without a value vanishes, and `..` is a value like others. */
const asRfc: Expand = (text) => (variables) =>
  pipe(
    parse(text),
    E.chainW(
      E.traverseArray((part) => {
        if (part._tag === 'Literal') return E.right(part.text)
        const values = E.traverseArray(({ name }: { readonly name: string }) => read(Object(variables)[name]))
        return pipe(
          values(part.variables),
          E.map((given) => write(part, given)),
        )
      }),
    ),
    E.map((parts) => parts.join('')),
  )

const changed =
  (change: (url: string) => string): Expand =>
  (text) =>
  (variables) =>
    E.map(change)(lawful(text)(variables))

const mistakes: Readonly<Record<string, Mistake>> = {
  'only what RFC 6570 says': {
    history: 'RFC 6570 2.3, 3.2.1: a dot is a character like others, and a variable without a value vanishes',
    expand: asRfc,
    breaks: [
      'a value stays in its place',
      'a value of {+a} keeps host and path',
      'a value arrives as it was given',
      'each item of an exploded list is one segment or one parameter',
      'a variable of the path without a value is a Left',
    ],
  },
  'encodes with encodeURI': {
    history: 'encodeURI keeps ; / ? : @ & = + $ , #, which it reads as a part of the URL',
    expand: changed((url) => url.replace(/%(?:3B|2F|3F|3A|40|26|3D|2B|24|2C|23)/g, decodeURIComponent)),
    breaks: [
      'a value stays in its place',
      'a value arrives as it was given',
      'each item of an exploded list is one segment or one parameter',
    ],
  },
  'encodes twice': {
    history: 'a value that is encoded when it is given, and again when it is sent',
    expand: (text) => (variables) => {
      const once = (value: unknown) =>
        typeof value === 'string' ? encodeURI(value.replace(/\p{Surrogate}/gu, '')) : value
      return lawful(text)(untyped(Object.fromEntries(Object.entries(Object(variables)).map(([k, v]) => [k, once(v)]))))
    },
    breaks: ['a value arrives as it was given'],
  },
  'encodes a space as in a form': {
    history: 'URLSearchParams writes +, which is a plus in a path',
    expand: changed((url) => url.replaceAll('%20', '+')),
    breaks: ['a value arrives as it was given', 'each item of an exploded list is one segment or one parameter'],
  },
  'never explodes': {
    history: 'String(list): items joined by commas',
    expand: (text) => lawful(text.replaceAll('*', '')),
    breaks: ['each item of an exploded list is one segment or one parameter', 'an expression expands as RFC 6570 says'],
  },
  'writes {;a} as {?a}': {
    history: 'RFC 6570 3.2.7: an empty value of {;a} has no =, unlike one of {?a}',
    expand: (text) => lawful(text.includes('{;') ? text.replace('{;', '{?') : text),
    breaks: ['an expression expands as RFC 6570 says'],
  },
  'has no prefix': {
    history: 'RFC 6570 1.2: level 3 does not have modifiers',
    expand: (text) => lawful(text.replace(/(?<=\w):[1-9]\d{0,3}(?=[,}])/g, '')),
    breaks: ['an expression expands as RFC 6570 says'],
  },
  'refuses a percent sign': {
    history: 'a check for values that seem to be encoded',
    expand: (text) => (variables) =>
      Object.values(Object(variables)).some((value) => String(value).includes('%'))
        ? E.left('encoded')
        : lawful(text)(variables),
    breaks: ['a value arrives as it was given'],
  },
  'keeps what is not a template': {
    history: 'RFC 6570 3: an error should be reported, but what is left is returned as it is',
    expand: (text) => (variables) => (E.isLeft(parse(text)) ? E.right(text) : lawful(text)(variables)),
    breaks: ['text that is not a template is a Left'],
  },
  'throws for a lone surrogate': {
    history: 'encodeURIComponent throws a URIError',
    expand: (text) => (variables) => {
      for (const value of Object.values(Object(variables))) if (typeof value === 'string') encodeURIComponent(value)
      return lawful(text)(variables)
    },
    breaks: ['nothing throws', 'a value arrives as it was given'],
  },
}

export const templates: Case = {
  set: 'template',
  lawful: template(lawful),
  breakers: Object.entries(mistakes).map(([mistake, { expand, ...rest }]) => ({
    mistake,
    ...rest,
    rules: template(expand),
  })),
}
