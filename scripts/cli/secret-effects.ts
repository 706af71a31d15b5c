/** What another secret changes on every service, in words for the person who is about to replace it. */
export const SECRET_EFFECTS = `  webhooks                      get new secrets and new public keys: receivers refuse messages until their owners
                                put these in; what is refused is sent again for four days
  receipts of erasure           are signed with another key; the former key stays at /v1/receipt-key, under "former",
                                so that receipts from before still verify`;
