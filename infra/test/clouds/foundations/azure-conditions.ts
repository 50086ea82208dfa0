// Conditions of Azure's role assignments, as far as ours go: https://learn.microsoft.com/azure/role-based-access-control/conditions-format
import type { AzureAsk } from './azure-judge.ts';

type Request = Pick<AzureAsk, 'action' | 'suboperation' | 'with'>;

/** @throws TypeError for what is not known here, rather than a guess */
export function abacAllows(condition: string, request: Request): boolean {
  const tokens =
    condition
      .match(/\s*(\(|\)|!|AND NOT|AND|OR|\w+\{[^}]*\}|@\w+\[[^\]]+\]\s+\S+\s+\{[^}]*\})/g)
      ?.map((one) => one.trim()) ?? [];
  if (tokens.join('').replaceAll(/\s/g, '') !== condition.replaceAll(/\s/g, ''))
    throw new TypeError(`not understood: ${condition}`);
  let at = 0;
  const or = (): boolean => {
    let value = and();
    while (tokens[at] === 'OR') {
      at++;
      const right = and();
      value = value || right;
    }
    return value;
  };
  const and = (): boolean => {
    let value = unary();
    while (tokens[at] === 'AND' || tokens[at] === 'AND NOT') {
      const negated = tokens[at++] === 'AND NOT';
      const right = unary();
      value = value && (negated ? !right : right);
    }
    return value;
  };
  const unary = (): boolean => {
    const token = tokens[at++];
    if (token === '!') return !unary();
    if (token === '(') {
      const value = or();
      if (tokens[at++] !== ')') throw new TypeError(`expected ) in ${condition}`);
      return value;
    }
    return compares(token ?? '', request);
  };
  return or();
}

function compares(token: string, { action, suboperation, with: attributes = {} }: Request): boolean {
  const [, called, argument = ''] = /^(ActionMatches|SubOperationMatches)\{'([^']*)'\}$/.exec(token) ?? [];
  if (called === 'ActionMatches') return action.toLowerCase() === argument.toLowerCase();
  if (called === 'SubOperationMatches') return suboperation === argument;
  const [, attribute = '', operator = '', list = ''] =
    /^@(\w+\[[^\]]+\])\s+ForAnyOfAnyValues:(\S+)\s+\{([^}]*)\}$/.exec(token) ?? [];
  const found = attributes[attribute];
  const wanted = list.split(',').map((one) => one.trim().replace(/^'(.*)'$/, '$1'));
  if (operator === 'GuidEquals') return found !== undefined && wanted.includes(found);
  if (operator === 'StringEqualsIgnoreCase') return wanted.some((one) => one.toLowerCase() === found?.toLowerCase());
  if (operator === 'StringLike') return found !== undefined && wanted.some((one) => like(one).test(found));
  throw new TypeError(`not known here: ${token}`);
}

function like(pattern: string): RegExp {
  return new RegExp(
    `^${pattern
      .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    's',
  );
}
