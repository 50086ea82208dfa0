import { describe, expect, it } from 'vitest';
import { attributeCondition } from '../../clouds/gcp/trust.ts';
import { trustedRepository } from '../../contract/service.ts';
import { conditionFault } from '../../policy/rules/claims.ts';

const id = "assertion.repository_id == '1'";
const owner = "assertion.repository_owner_id == '2'";
const both = `${id} && ${owner}`;
const shipped = (options: object) =>
  attributeCondition(
    trustedRepository.parse({ owner: "ac'me", ownerId: '1', repository: 'wine', repositoryId: '2', ...options }),
  );

describe('the condition of a pool', () => {
  it.each([
    ['both ids', both],
    ['in parentheses, and in double quotes', `(${id}) && (assertion.repository_owner_id == "2")`],
    ['more claims', `${both} && assertion.environment == 'prod' && assertion.ref in ['refs/heads/main']`],
    ['one of several jobs', `${both} && (assertion.sub == 'a' || (assertion.sub == 'b' && assertion.ref == 'c'))`],
    ['over several lines', `${id}\n  && ${owner}`],
    ['an escaped quote', `${both} && assertion.sub == 'a\\'b'`],
    ['as shipped', shipped({})],
    ['as shipped, with the form without ids', shipped({ legacySubject: true })],
    ['as shipped, plain', shipped({ subjectForm: 'plain' })],
  ])('passes: %s', (_what, condition) => expect(conditionFault(condition)).toBeUndefined());

  it.each([
    ['nothing', '', /too early/],
    ['or true', `${both} || true`, /^`true`$/],
    ['and true', `${both} && true`, /^`true`$/],
    [
      'or another claim',
      `${both} || assertion.ref == 'refs/heads/main'`,
      /no repository_id and no repository_owner_id/,
    ],
    ['or, before it', `assertion.ref == 'x' || ${both}`, /no repository_id/],
    ['or, deep in parentheses', `((${id}) || (assertion.sub == 'x')) && ${owner}`, /^no repository_id that/],
    ['all of it an alternative', `(${both} || assertion.sub == 'x')`, /no repository_id/],
    ['an unequal id', `${both} && assertion.ref != 'x'`, /^`!= 'x'`$/],
    ['not', `!(${both})`, /^`!\(/],
    ['a prefix', `${both} && assertion.sub.startsWith('repo:o')`, /^`assertion.sub.startsWith/],
    ['a regular expression', `${id} && assertion.repository_owner_id.matches('.*')`, /matches/],
    ['a ternary', `${both} ? true : true`, /^`\? true/],
    ['a claim compared with itself', `assertion.repository_id == assertion.repository_id && ${owner}`, /^`assertion/],
    ['one of several repositories', `assertion.repository_id in ['1', '9'] && ${owner}`, /^no repository_id that/],
    ['a name, which can be taken', `assertion.repository == 'o/r' && ${owner}`, /^no repository_id that/],
    ['no owner', id, /^no repository_owner_id that/],
    ['an unknown claim', `${both} && assertion.enviroment == 'prod'`, /enviroment/],
    ['a mapped attribute', `${both} && attribute.x == 'y'`, /attribute\.x/],
    ['a claim by index', `assertion['repository_id'] == '1' && ${owner}`, /\['repository_id'\]/],
    ['a number', `assertion.repository_id == 1 && ${owner}`, /^`1 &&/],
    ['a comment', `${both} // && nothing`, /^`\/\//],
    ['a raw string', `${both} && assertion.sub == r'a'`, /^`r'a'`$/],
    ['a triple string', `${both} && assertion.sub == '''a'''`, /^`'a'''`$/],
    ['an escape that is a quote', `${both} && assertion.sub == '\\x27 || true || \\x27'`, /x27/],
    ['a string without an end', `${both} && assertion.sub == 'a`, /^`'a`$/],
    ['an operator at its end', `${both} &&`, /too early/],
    ['parentheses left open', `(${both}`, /too early/],
    ['parentheses without end', `${'('.repeat(100_000)}${both}`, /^`\(/],
    ['an empty list', `${both} && assertion.sub in []`, /^`\]`$/],
    ['a chain', `${both} && assertion.sub == 'a' == true`, /^`== true`$/],
    ['two conditions', `${both} ${both}`, /^`assertion/],
  ])('refuses: %s', (_what, condition, found) => expect(conditionFault(condition)).toMatch(found));
});
