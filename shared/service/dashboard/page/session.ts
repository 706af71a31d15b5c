/** Who is signed in, and what the shell says of the service. */
import type { Scope, ServiceInfo, Session } from '../types.ts';

let current: Session | null = null;

export const session = () => current;

export function setSession(session: Session | null) {
  current = session;
}

/** Whether whoever is signed in may do this. */
export const may = (scope: Scope) => current?.scopes.includes(scope) ?? false;

/** What the shell says of the service. */
export const service: ServiceInfo = JSON.parse(
  document.querySelector('meta[name="rewound-service"]')?.getAttribute('content') ?? '{"signUp":false,"packs":[]}',
);
