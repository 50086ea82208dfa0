// Names for resources whose program gives none: the resource's name and a random part, kept from then on.
import { createHash } from 'node:crypto';
import type { Properties } from './property.ts';

export interface NamingRule {
  readonly property: string;
  /** `dashed`: `name-1a2b3c4`; `plain`: letters and digits only, as a container registry demands; `guid`: for role assignments. */
  readonly style: 'dashed' | 'plain' | 'guid';
}

export interface NamingRequest {
  readonly name: string;
  readonly seed: Uint8Array;
  /** What the engine proposes when the project configures naming itself. */
  readonly proposed?: string;
}

/** The program's own name wins; then the one recorded before; then a new one. */
export function withName(
  rule: NamingRule | undefined,
  news: Properties,
  olds: Properties,
  request: NamingRequest,
): Properties {
  if (rule === undefined || news[rule.property] !== undefined) return news;
  return { ...news, [rule.property]: olds[rule.property] ?? request.proposed ?? newName(rule, request) };
}

/** A generated name makes room for its own replacement; a chosen one has to be freed first. */
export function isGenerated(rule: NamingRule, name: string, value: unknown): boolean {
  if (typeof value !== 'string') return false;
  switch (rule.style) {
    case 'dashed':
      return value.startsWith(`${name}-`) && /-[0-9a-f]{7}$/.test(value);
    case 'plain':
      return value.startsWith(plain(name)) && /[0-9a-f]{8}$/.test(value) && value.length === plain(name).length + 8;
    case 'guid':
      return false;
  }
}

function newName(rule: NamingRule, { name, seed }: NamingRequest): string {
  const hex = createHash('sha256').update(name).update(seed).digest('hex');
  switch (rule.style) {
    case 'dashed':
      return `${name}-${hex.slice(0, 7)}`;
    case 'plain':
      return `${plain(name)}${hex.slice(0, 8)}`;
    case 'guid':
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  }
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}
