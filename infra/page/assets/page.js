// What a page does beyond being read: copies commands, says how long ago things were, and notices that the ledger moved on.
const minute = 60_000;
const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

function ago(at) {
  const minutes = Math.round((Date.parse(at) - Date.now()) / minute);
  if (Math.abs(minutes) < 1) return 'just now';
  if (Math.abs(minutes) < 60) return words.format(minutes, 'minute');
  if (Math.abs(minutes) < 48 * 60) return words.format(Math.round(minutes / 60), 'hour');
  return words.format(Math.round(minutes / 60 / 24), 'day');
}

function tellTimes() {
  for (const time of document.querySelectorAll('time')) time.dataset.ago = ago(time.dateTime);
}

async function copy(button) {
  const name = button.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = 'Copied';
  } catch {
    // Not allowed here: the words are marked, for the person's own copy.
    getSelection().selectAllChildren(button.previousElementSibling);
    button.textContent = 'Marked';
  }
  setTimeout(() => {
    button.textContent = name;
  }, 2_000);
}

async function lookForNews() {
  const answer = await fetch('head.json', { cache: 'no-store' }).catch(() => undefined);
  if (!answer?.ok) return;
  const head = await answer.json();
  if ((head.chain ?? '') === document.documentElement.dataset.chain) return;
  const stale = document.getElementById('stale');
  stale.textContent = 'The ledger has moved on since this page was made: reload it.';
  stale.hidden = false;
}

tellTimes();
setInterval(tellTimes, minute);
for (const button of document.querySelectorAll('[data-copy]')) {
  button.hidden = false;
  button.setAttribute('aria-live', 'polite');
  button.addEventListener('click', () => copy(button));
}
if (location.protocol.startsWith('http')) setInterval(lookForNews, minute / 4);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && location.protocol.startsWith('http')) lookForNews();
});
