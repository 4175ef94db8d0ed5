/** Parts of a `multipart/form-data` body, and files as such parts. See `values/Multipart.ts`. */

export { type FileOptions, type FilePart, file, statFile } from './transport/FileUpload.js'
export * from './values/Multipart.js'
