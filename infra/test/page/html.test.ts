import { describe, expect, it } from 'vitest';
import { command, html, link } from '../../page/html.ts';

describe('the template', () => {
  it.each([
    ['an element', '<script>alert(1)</script>', '&#60;script&#62;alert(1)&#60;/script&#62;'],
    ['the end of an attribute', '" onclick="x', '&#34; onclick=&#34;x'],
    ['an apostrophe', "' x='", '&#39; x=&#39;'],
    ['an entity', '&lt;', '&#38;lt;'],
    ['text turned right to left', 'ada\u202Egnp.exe', 'ada\uFFFDgnp.exe'],
    ['a space of no width', 'a\u200Bb', 'a\uFFFDb'],
    ['a control', 'a\u0007b\u009Bc', 'a\uFFFDb\uFFFDc'],
    ['letters of any script', 'Łukasz 李 می‌خواهم', 'Łukasz 李 می‌خواهم'],
  ])('takes the power from %s', (_what, hostile, safe) => {
    expect(html`<p title="${hostile}">${hostile}</p>`.text).toBe(`<p title="${safe}">${safe}</p>`);
  });

  it('keeps what came out of a template, and leaves out what a condition left out', () => {
    expect(html`${html`<b>${'<'}</b>`}${undefined}${false}${0}${['a', html`<i></i>`]}`.text).toBe(
      '<b>&#60;</b>0a<i></i>',
    );
  });
});

describe('a link', () => {
  it.each([
    'javascript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    ' javascript:alert(1)',
    'file:///etc/passwd',
    'ListOperations: Status',
  ])('is none to %s', (address) => {
    expect(link(address, 'there').text).toBe('there');
  });

  it('goes where http goes, and nowhere past its attribute', () => {
    expect(link('https://a.example/"><b>', '<x>').text).toBe(
      '<a href="https://a.example/%22%3E%3Cb%3E" rel="noreferrer">&#60;x&#62;</a>',
    );
  });
});

describe('a command', () => {
  it('quotes what a shell would read', () => {
    expect(command('approve', "prm-1'; rm -rf /", '$(id)').text).toContain(
      '<code>npx trireme approve &#39;prm-1&#39;\\&#39;&#39;; rm -rf /&#39; &#39;$(id)&#39;</code>',
    );
  });
});
