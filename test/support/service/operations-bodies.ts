const AUDIT = { attestation: 'owner', photos: 1, settings: { samples: 1000 } };

/** A body that each operation takes, by its id. */
const BODIES: Readonly<Record<string, object>> = {
  createAccount: { name: 'Acme' },
  signIn: { key: 'rwk_0' },
  changeAccount: { name: 'Another name', retention: { reportDays: 5 } },
  createKey: { name: 'another', scopes: ['keys'] },
  quoteAudit: AUDIT,
  createAudit: AUDIT,
  uploadFiles: { files: [{ path: 'members/somebody/1.jpg', size: 3 }] },
  createCheckout: { pack: 'small' },
  createEndpoint: { url: 'http://127.0.0.1:9/', events: ['audit.finished'] },
  changeEndpoint: { description: 'changed', enabled: false },
};

/** Throws for an operation that is new: its body belongs here, so that it is tested with the others. */
export function bodyOf(operation: string): object {
  const body = BODIES[operation];
  if (!body) throw new Error(`a new operation with a body: say what ${operation} takes`);
  return body;
}
