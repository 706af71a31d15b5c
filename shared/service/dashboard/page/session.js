/** @import * as Types from '../types.ts' */

/** @type {Types.Session | null} */
let current = null;

export const session = () => current;

/** @param {Types.Session | null} session */
export function setSession(session) {
  current = session;
}

/** @param {Types.Scope} scope Whether whoever is signed in may do this. */
export const may = (scope) => current?.scopes.includes(scope) ?? false;

/** What the shell says of the service. @type {Types.ServiceInfo} */
export const service = JSON.parse(
  document.querySelector('meta[name="rewound-service"]')?.getAttribute('content') ?? '{"signUp":false,"packs":[]}',
);
