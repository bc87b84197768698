/** The part of a protobufjs reflection type that is used here. */
export interface MessageType<T> {
  encode(message: T): { finish(): Uint8Array }
  decode(bytes: Uint8Array): T
}

export interface ReflectionMethod {
  readonly name: string
  resolve(): {
    readonly resolvedRequestType: MessageType<unknown>
    readonly resolvedResponseType: MessageType<unknown>
  }
}

export interface ReflectionRoot {
  lookupType(path: string): MessageType<unknown>
  /** Its methods are there before their types: those are looked up when a method is resolved. */
  lookupService(path: string): { readonly methodsArray: ReflectionMethod[] }
}
