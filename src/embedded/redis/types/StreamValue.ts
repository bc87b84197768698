/** The value of a stream key. */
export class StreamValue {
  readonly size: number = 0

  clone(): StreamValue {
    return new StreamValue()
  }
}
