/** Counts the bytes of one attempt for a progress function. An attempt without such a function has no counter. */
import type { Timings } from '../../wire/Timings.js'
import { notifyProgress, type OnProgress, type Progress } from '../../wire/Transport.js'

export class AttemptProgress {
  readonly #onProgress: OnProgress
  #received = 0
  #expected: number | undefined
  #timings: Timings | undefined

  constructor(onProgress: OnProgress) {
    this.#onProgress = onProgress
  }

  /** A head has arrived, with a body of so many bytes. */
  onHead(expected: number | undefined, timings: Timings | undefined): void {
    this.#expected = expected
    this.#timings = timings
  }

  onReceived(bytes: number): void {
    this.#received += bytes
    this.notify('down', this.#received, this.#expected)
  }

  notify(direction: Progress['direction'], bytes: number, total: number | undefined): void {
    notifyProgress(this.#onProgress, {
      direction,
      bytes,
      ...(total === undefined ? {} : { total }),
      ...(this.#timings === undefined ? {} : { timings: this.#timings }),
    })
  }
}
