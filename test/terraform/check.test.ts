import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type ProviderSchema, providerSchemaFile } from '../../scripts/check/provider-schema.ts';
import { readDeclaration } from '../../scripts/check/read-declaration.ts';
import { parseTerraform } from '../../scripts/check/read-terraform.ts';
import { formatProblems, terraformProblems } from '../../scripts/check/terraform.ts';
import { tempDir } from '../support/temp.ts';
import { folder, hasTerraform, terraform } from './files.ts';

const schema: ProviderSchema = providerSchemaFile();

async function problems(text: string): Promise<string[]> {
  return terraformProblems(await parseTerraform({ 'main.tf': text }), schema);
}

const TOPIC = 'resource "google_pubsub_topic" "a" {\n  name = "a"\n}\n';

test('the configuration fits the provider', () => {
  expect(terraformProblems(terraform, schema)).toEqual([]);
});

test.each([
  [
    'an argument that is none',
    'resource "google_pubsub_topic" "a" {\n name = "a"\n colour = 1\n}',
    'google_pubsub_topic.a.colour: no such argument or block',
  ],
  ['an argument that is missing', 'resource "google_pubsub_topic" "a" {}', 'google_pubsub_topic.a.name: is missing'],
  [
    'a literal of another type',
    'resource "google_pubsub_topic" "a" {\n name = ["a"]\n}',
    'google_pubsub_topic.a.name: is no string',
  ],
  [
    'a block that is none',
    `${TOPIC}resource "google_pubsub_subscription" "a" {\n name = "a"\n topic = google_pubsub_topic.a.id\n pull_config {}\n}`,
    'google_pubsub_subscription.a.pull_config: no such argument or block',
  ],
  [
    'an argument of a block that is none',
    'resource "google_pubsub_topic" "a" {\n name = "a"\n message_storage_policy {\n allowed_persistence_regions = []\n zones = []\n}\n}',
    'google_pubsub_topic.a.message_storage_policy.zones: no such argument or block',
  ],
  [
    'an argument missing in a block',
    'resource "google_pubsub_topic" "a" {\n name = "a"\n message_storage_policy {}\n}',
    'google_pubsub_topic.a.message_storage_policy.allowed_persistence_regions: is missing',
  ],
  [
    'a block as an argument',
    'resource "google_pubsub_topic" "a" {\n name = "a"\n message_storage_policy = {}\n}',
    'google_pubsub_topic.a.message_storage_policy: is a block, not an argument',
  ],
  [
    'an argument of a dynamic block that is none',
    'resource "google_pubsub_topic" "a" {\n name = "a"\n dynamic "schema_settings" {\n for_each = []\n content {\n schema = "s"\n size = 1\n}\n}\n}',
    'google_pubsub_topic.a.schema_settings.size: no such argument or block',
  ],
  [
    'a resource that is none',
    'resource "google_pubsub_queue" "a" {}',
    expect.stringMatching(/^google_pubsub_queue: no such resource/),
  ],
  [
    'a reference to nothing',
    'output "a" {\n value = google_pubsub_topic.b.id\n}',
    'google_pubsub_topic.b: is referred to and is not there',
  ],
  [
    'an attribute that is none',
    `${TOPIC}output "a" {\n value = google_pubsub_topic.a.colour\n}`,
    'google_pubsub_topic.a.colour: no such attribute',
  ],
  [
    'data that is not there',
    'output "a" {\n value = data.google_project.a.number\n}',
    'data.google_project.a: is referred to and is not there',
  ],
  ['a variable that is not there', 'output "a" {\n value = [var.a]\n}', 'var.a: is referred to and is not there'],
  ['a variable that is not used', 'variable "a" {\n description = "A."\n type = string\n}', 'var.a: is not used'],
  [
    'a variable without a type',
    'variable "a" {\n description = "A."\n}\noutput "a" {\n value = var.a\n}',
    'var.a: type is missing',
  ],
  ['a local that is not used', 'locals {\n a = 1\n}', 'local.a: is not used'],
])('%s', async (_, text, problem) => {
  expect(await problems(text)).toEqual([problem]);
});

test('a text that is no configuration', async () => {
  await expect(problems('resource "a" {')).rejects.toThrow();
});

test('what fits is not complained about', async () => {
  expect(
    await problems(
      `${TOPIC}resource "google_pubsub_subscription" "b" {
        for_each   = toset(["x"])
        name       = each.key
        topic      = google_pubsub_topic.a.id
        depends_on = [google_pubsub_topic.a]
        dynamic "dead_letter_policy" {
          for_each = [5]
          content {
            max_delivery_attempts = dead_letter_policy.value
          }
        }
      }`,
    ),
  ).toEqual([]);
});

test('a declaration of the provider is read with its names, types, blocks and what is needed', () => {
  const text = `
import * as cdktf from 'cdktf';
export interface ThingConfig extends cdktf.TerraformMetaArguments {
    /**
    * Docs at Terraform Registry: {@link https://registry.terraform.io/x#name Thing#name}
    */
    readonly name: string;
    /**
    * Docs at Terraform Registry: {@link https://registry.terraform.io/x#max_size Thing#max_size}
    */
    readonly maxSize?: number;
    /**
    * Docs at Terraform Registry: {@link https://registry.terraform.io/x#labels Thing#labels}
    */
    readonly labels?: {
        [key: string]: string;
    };
    /**
    * rule block
    *
    * Docs at Terraform Registry: {@link https://registry.terraform.io/x#rule Thing#rule}
    */
    readonly rule: ThingRule[] | cdktf.IResolvable;
}
export interface ThingRule {
    /**
    * Docs at Terraform Registry: {@link https://registry.terraform.io/x#on Thing#on}
    */
    readonly on?: boolean | cdktf.IResolvable;
}
export declare class Thing extends cdktf.TerraformResource {
    constructor(scope: Construct, id: string, config: ThingConfig);
    private _name?;
    get name(): string;
    get nameInput(): string | undefined;
    get selfLink(): string;
}
`;
  expect(readDeclaration(text)).toEqual({
    arguments: { name: 'string!', max_size: 'number', labels: 'map' },
    blocks: { 'rule!': { arguments: { on: 'boolean' }, blocks: {} } },
    attributes: ['name', 'self_link'],
  });
  expect(() => readDeclaration('export interface Other {\n}\n')).toThrow('no declaration');
});

test.skipIf(!hasTerraform)('a file that terraform would format otherwise is named', () => {
  expect(formatProblems(folder)).toEqual([]);
  const other = tempDir();
  writeFileSync(join(other, 'main.tf'), 'locals {\na=1\n}\n');
  expect(formatProblems(other)).toEqual([expect.stringContaining('main.tf')]);
});
