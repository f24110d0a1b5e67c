/** Why a goal is missed, where it is: printed only then. */
export const REMARKS: readonly { readonly of: RegExp; readonly why: string }[] = [];
