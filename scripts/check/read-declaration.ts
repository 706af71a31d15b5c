/** Reads the schema of one Terraform resource from generated TypeScript declarations. */
import type { Block } from './provider-schema.ts';

/** `readonly locationId?: string;` with the comment before it, whose link ends in the name Terraform knows. */
const MEMBER = /\/\*\*(?<comment>(?:(?!\*\/)[\s\S])*?)\*\/\s*readonly \w+(?<optional>\?)?: (?<type>[^;{]+|\{[^}]*\});/g;
const TERRAFORM_NAME = /#(?<name>\w+) \w+#/;
const GETTER = /^ {4}get (?<name>\w+)\(\)/gm;

/**
 * The schema in one resource's declarations of `@cdktf/provider-google`, which are generated from the provider's own:
 * an interface for each block, and a class with a getter for each attribute.
 */
export function readDeclaration(text: string): Block {
  const interfaces = new Map<string, string>();
  for (const { groups } of text.matchAll(/^export interface (?<name>\w+)[^{]*\{\n(?<body>[\s\S]*?)^\}/gm)) {
    interfaces.set(groups?.name ?? '', groups?.body ?? '');
  }
  const config = /constructor\(scope: Construct, id: string, config\??: (?<name>\w+)\)/.exec(text)?.groups?.name;
  const resource =
    /^export declare class \w+ extends cdktf\.Terraform(?:Resource|DataSource) \{\n(?<body>[\s\S]*?)^\}/m;
  const body = resource.exec(text)?.groups?.body;
  if (config === undefined || body === undefined) throw new Error('This is no declaration of a resource.');
  return { ...readBlock(config, interfaces), attributes: readAttributes(body) };
}

function readBlock(name: string, interfaces: ReadonlyMap<string, string>): Block {
  const found: { arguments: Record<string, string>; blocks: Record<string, Block> } = { arguments: {}, blocks: {} };
  for (const { groups } of (interfaces.get(name) ?? '').matchAll(MEMBER)) {
    const { comment = '', optional, type = '' } = groups ?? {};
    const argument = TERRAFORM_NAME.exec(comment)?.groups?.name;
    if (argument === undefined) continue;
    const needed = optional === undefined ? '!' : '';
    const inner = /^(?<name>\w+)(?:\[\])?(?: \| cdktf\.IResolvable)?$/.exec(type)?.groups?.name ?? '';
    if (interfaces.has(inner)) found.blocks[argument + needed] = readBlock(inner, interfaces);
    else found.arguments[argument] = plainType(type) + needed;
  }
  return found;
}

function plainType(type: string): string {
  if (type.startsWith('{')) return 'map';
  const [plain = ''] = type.split(' | ');
  return plain.endsWith('[]') ? 'list' : plain;
}

function readAttributes(body: string): string[] {
  const names = [...body.matchAll(GETTER)].map(({ groups }) => groups?.name ?? '');
  return names
    .filter((name) => !name.endsWith('Input'))
    .map((name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}
