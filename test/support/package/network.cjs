/**
 * Preloaded into every Node.js process of an installation (NODE_OPTIONS): writes down each host that is looked up, and
 * finds none but those allowed, as a firewall would.
 */
const dns = require('node:dns');
const { appendFileSync } = require('node:fs');
const { isIP } = require('node:net');

const { TEST_ALLOWED_HOSTS, TEST_HOSTS_LOG } = process.env;
const allowed = new Set(JSON.parse(TEST_ALLOWED_HOSTS));
const lookup = dns.lookup;

dns.lookup = (host, options, callback) => {
  if (isIP(host) === 0) appendFileSync(TEST_HOSTS_LOG, `${host}\n`);
  if (isIP(host) !== 0 || allowed.has(host)) return lookup.call(dns, host, options, callback);
  const done = typeof options === 'function' ? options : callback;
  const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND', hostname: host });
  process.nextTick(done, error);
};
