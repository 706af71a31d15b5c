/** What a function that works on what strangers uploaded could reach, by the configuration: every grant there is. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Terraform writes references so.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Value } from '../../scripts/check/read-terraform.ts';
import { folder, terraform } from './files.ts';

const ACCOUNTS = 'google_firestore_database.accounts';
const PER_FUNCTION = 'google_service_account.function[';

/** Every resource that grants a right, with its body as text. */
const grants = [...terraform.resources].flatMap(([type, byName]) =>
  /_iam_(member|binding|policy)$/.test(type)
    ? [...byName].map(([name, body]) => ({ type, name, body, text: JSON.stringify(body) }))
    : [],
);
const named = (name: string) => grants.find((grant) => `${grant.type}.${grant.name}` === name)?.body ?? {};
const forEach = (name: string) => z.string().parse(named(name).for_each);

describe('rights', () => {
  test('are given one by one: nothing takes or sets those of a whole project', () => {
    expect(grants.length).toBeGreaterThan(10);
    expect(grants.filter(({ type }) => !type.endsWith('_iam_member'))).toEqual([]);
  });

  test('to the database of accounts are given to functions that open accounts, and by one resource', () => {
    expect(grants.filter(({ text }) => text.includes(ACCOUNTS)).map(({ name }) => name)).toEqual(['accounts']);
    expect(forEach('google_project_iam_member.accounts')).toMatch(
      /^\$\{\{ *for name, function in local\.workloads : name => function if function\.accounts != null *\}\}$/,
    );
  });

  test('of the whole project that a function has are to one database each, or it has none', () => {
    const wide = grants.filter(({ type, text }) => type === 'google_project_iam_member' && text.includes(PER_FUNCTION));
    expect(wide.map(({ name }) => name).sort()).toEqual(['accounts', 'records']);
    for (const { name, body } of wide) {
      const [{ expression }] = z.tuple([z.object({ expression: z.string() })]).parse(body.condition);
      // Equal, and not only a beginning: the database of accounts begins with the name of that of audits.
      expect(expression, name).toMatch(
        /^resource\.name == "projects\/\$\{var\.project\}\/databases\/\$\{google_firestore_database\.\w+\.name\}"$/,
      );
    }
  });

  test('to secrets come from one table, which gives the service’s own to api and deliver', () => {
    const secret = grants.filter(({ type }) => type === 'google_secret_manager_secret_iam_member');
    expect(secret.map(({ name }) => name)).toEqual(['function']);
    expect(secret[0]?.body.for_each).toBe('${local.secret_grants}');
    expect(readFileSync(join(folder, 'grants.tf'), 'utf8')).toContain('if contains(["api", "deliver"], name)');
  });
});

describe('connections', () => {
  const resource = (type: string, name: string) => terraform.resources.get(type)?.get(name) ?? {};
  const service = resource('google_cloud_run_v2_service', 'function');

  test('of such a function all go into the closed network', () => {
    const text = JSON.stringify(service);
    const { dynamic } = z
      .object({ dynamic: z.object({ vpc_access: z.tuple([z.object({ for_each: z.string(), content: z.json() })]) }) })
      .parse(z.tuple([z.looseObject({})]).parse(service.template)[0]);
    const [{ for_each, content }] = dynamic.vpc_access;
    expect(for_each).toBe('${each.value.strangers ? [google_compute_subnetwork.closed] : []}');
    expect(JSON.stringify(content)).toContain('"egress":"ALL_TRAFFIC"');
    // A service starts with the network as it is to be, and not before.
    for (const name of ['google_compute_firewall.nothing_else', 'google_compute_route.google']) {
      expect(text).toContain(name);
    }
  });

  test('of that network end at Google: one route, one allowed range, all else denied', () => {
    expect(resource('google_compute_network', 'closed').delete_default_routes_on_create).toBe(true);
    expect(resource('google_compute_subnetwork', 'closed').private_ip_google_access).toBe(true);
    expect([...(terraform.resources.get('google_compute_route')?.keys() ?? [])]).toEqual(['google']);
    const range = '${local.google_apis[var.google_apis].range}';
    expect(resource('google_compute_route', 'google').dest_range).toBe(range);
    const rules = [...(terraform.resources.get('google_compute_firewall') ?? [])].map(([name, body]) => ({
      name,
      direction: body.direction,
      to: body.destination_ranges,
      allows: body.allow !== undefined,
      denies: body.deny !== undefined,
    }));
    expect(rules).toEqual([
      { name: 'google', direction: 'EGRESS', to: [range], allows: true, denies: false },
      { name: 'nothing_else', direction: 'EGRESS', to: ['0.0.0.0/0'], allows: false, denies: true },
    ]);
    const priority = (name: string) => Number(resource('google_compute_firewall', name).priority);
    expect(priority('google')).toBeLessThan(priority('nothing_else'));
  });

  test('are made to names that resolve to the addresses that are let through', () => {
    const schema = z.record(z.string(), z.object({ range: z.string(), addresses: z.array(z.string()) }));
    const vips = schema.parse(terraform.locals.get('google_apis'));
    expect(Object.keys(vips).sort()).toEqual(['private', 'restricted']);
    for (const { range, addresses } of Object.values(vips)) {
      const [first = '', bits] = range.split('/');
      expect(bits).toBe('30');
      const last = Number(first.split('.')[3]);
      expect(last % 4).toBe(0);
      expect(addresses).toEqual([0, 1, 2, 3].map((i) => first.replace(/\d+$/, String(last + i))));
    }
    const records: Value[] = [...(terraform.resources.get('google_dns_record_set')?.values() ?? [])].map(
      ({ name = null }) => name,
    );
    expect(records.sort()).toEqual(['${var.google_apis}.googleapis.com.', '*.googleapis.com.']);
  });
});
