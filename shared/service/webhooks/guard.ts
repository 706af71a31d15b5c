/** Keeps webhooks from addresses that are not public. */
import { lookup as systemLookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { RewoundError } from '../../errors.ts';

/*
 * Webhooks go where customers say, from a machine that reaches more than customers do: its own ports, its network, its
 * cloud's metadata. So they go to public addresses only (OWASP, "Server-Side Request Forgery Prevention"). What counts
 * is the address that is connected to, as a name may mean another one the next time it is asked for: it is checked when
 * an endpoint is saved, to say so at once, and at each connection, to be safe.
 */

/** All addresses of a name. */
export type Lookup = (host: string) => Promise<readonly string[]>;

export interface Guard {
  /**
   * Networks of the operator's own, such as `127.0.0.1/32`, that webhooks may reach as well: there by plain http too, at
   * any port and by any name.
   */
  readonly webhookAllow: readonly string[];
  /** The system's own if nothing is said. */
  readonly lookup?: Lookup | undefined;
}

/** The setting `webhookAllow`. */
export const webhookAllowSchema = z.array(
  z.string().refine((network) => ipaddr.isValidCIDR(network), 'is no network such as 10.1.0.0/16'),
);

const PUBLIC_PORTS: ReadonlySet<string> = new Set(['', '443', '8443']);
const MAX_URL = 2048;

/** Names that mean something inside of a network only (RFC 6761, RFC 6762, RFC 8375, ICANN's `internal`, and custom). */
const INSIDE =
  /(^|\.)(localhost|localdomain|local|internal|intranet|private|corp|home|lan|arpa|test|invalid|example|onion|alt)$/;

/** All of the global unicast space that is handed out (RFC 4291, section 2.4): nothing that wraps an IPv4 address. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');

/** An address of the public kind that is a cloud's inside: what Azure's machines ask for their settings. */
const CLOUDS: ReadonlySet<string> = new Set(['168.63.129.16']);

/**
 * Whether anybody on the internet could reach this address as well.
 * @internal
 */
export function isPublicAddress(address: string): boolean {
  const parsed = parse(address);
  if (!parsed || CLOUDS.has(parsed.toString())) return false;
  // Names that ipaddr.js has for a range say why it is special; whatever has none is unicast.
  return parsed.range() === 'unicast' && (parsed.kind() === 'ipv4' || parsed.match(GLOBAL_IPV6));
}

/**
 * The address of an endpoint as it is kept, if webhooks may go there now.
 * @throws ENDPOINT_REFUSED, which says nothing of what a name resolves to.
 */
export async function checkEndpoint(url: string, guard: Guard): Promise<string> {
  const target = parseTarget(url, guard);
  if (isIP(target.host) === 0) await resolve(target, guard);
  return target.url.href;
}

/** Where a webhook goes: checked as far as that is possible without asking for addresses. */
export interface Target {
  readonly url: URL;
  /** A name, or an address without brackets. */
  readonly host: string;
  /** Only the operator's own networks will do. */
  readonly inside: boolean;
}

/** @throws ENDPOINT_REFUSED */
export function parseTarget(text: string, { webhookAllow }: Guard): Target {
  if (text.length > MAX_URL) throw refused(`The address of the endpoint is longer than ${MAX_URL} characters.`);
  // What is no URL at all is told apart by nothing: `parse` gives null. An empty fragment can only be seen in the text.
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol) || text.includes('#') || url.username !== '' || url.password !== '') {
    throw refused('The address of the endpoint is no https URL without user, password and fragment.');
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const name = host.replace(/\.$/, '');
  if (isIP(host) === 0 && !isName(name)) throw refused('The address of the endpoint has no valid host.');
  const plain = url.protocol !== 'https:' || !PUBLIC_PORTS.has(url.port);
  const inside = plain || (isIP(host) === 0 && (!name.includes('.') || INSIDE.test(name)));
  const target = { url, host, inside };
  if (inside && webhookAllow.length === 0) throw notPublic();
  if (isIP(host) !== 0 && !mayConnect(host, inside, webhookAllow)) throw notPublic();
  return target;
}

/**
 * The addresses that the target's name has now, asked for once. All of them must be allowed: which one is connected to
 * is not decided here.
 * @throws ENDPOINT_REFUSED
 */
async function resolve({ host, inside }: Target, { webhookAllow, lookup = allAddresses }: Guard): Promise<string[]> {
  let addresses: readonly string[];
  try {
    addresses = await lookup(host);
  } catch {
    throw new UnknownName();
  }
  if (addresses.length === 0) throw new UnknownName();
  if (!addresses.every((address) => mayConnect(address, inside, webhookAllow))) throw notPublic();
  return [...addresses];
}

/**
 * The `lookup` of a connection: it is made to the very addresses that were checked. A literal address never comes here;
 * `parseTarget` has checked it.
 */
export function guardedLookup(target: Target, guard: Guard, answered: (error?: Error) => void): LookupFunction {
  return (_hostname, options, callback) => {
    resolve(target, guard).then(
      (addresses) => {
        answered();
        const all = addresses.map((address) => ({ address, family: isIP(address) }));
        if (options.all === true) callback(null, all);
        else callback(null, all[0]!.address, all[0]!.family);
      },
      (error: Error) => {
        answered(error);
        callback(error, '', 0);
      },
    );
  };
}

/** A name that has no address: not refused for what it is, and it may have one later. */
export class UnknownName extends RewoundError {
  constructor() {
    super('ENDPOINT_REFUSED', 'The name in the address of the endpoint cannot be resolved.', {
      help: 'Check the name; it must have a public address in the DNS.',
    });
  }
}

function mayConnect(address: string, inside: boolean, allow: readonly string[]): boolean {
  if (!inside && isPublicAddress(address)) return true;
  const parsed = parse(address);
  return parsed !== undefined && allow.some((network) => isIn(parsed, network));
}

function isIn(address: ipaddr.IPv4 | ipaddr.IPv6, network: string): boolean {
  const [base, bits] = ipaddr.parseCIDR(network);
  return base.kind() === address.kind() && address.match(base, bits);
}

/** An address; an IPv4 address in an IPv6 one is what the system connects to, and what counts. */
function parse(address: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  // ipaddr.js reads more than addresses: `010.1` is octal to it, as to `inet_aton`. A resolver gives nothing of the kind.
  return isIP(address) === 0 || !ipaddr.isValid(address) ? undefined : ipaddr.process(address);
}

/** A host name of letters, digits and hyphens; international ones are written so too by the URL parser. */
function isName(name: string): boolean {
  return name.length <= 253 && name.split('.').every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
}

async function allAddresses(host: string): Promise<string[]> {
  const found = await systemLookup(host, { all: true });
  return found.map(({ address }) => address);
}

function notPublic(): RewoundError {
  return refused('The endpoint is not at a public address.');
}

function refused(message: string): RewoundError {
  return new RewoundError('ENDPOINT_REFUSED', message, {
    help: 'Give an https URL, port 443 or 8443, of a host that everybody on the internet can reach.',
  });
}
