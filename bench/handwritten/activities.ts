/** The work of one step, the same in every contestant. */
export const step = async (input: { readonly value: number }): Promise<{ readonly value: number }> => ({
  value: input.value + 1
})
