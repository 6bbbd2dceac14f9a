// What the generated documents are: the text of an operation, with its types. No parser of GraphQL is needed for it.

/** An operation that answers `D` to the variables `V`. */
export type Document<D, V> = string & { readonly answers?: (variables: V) => D };
