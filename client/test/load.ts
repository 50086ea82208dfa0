// Many calls at once, each with a number of its own, so that an answer to another call would be found.
export interface Loss {
  readonly index: number;
  readonly error: unknown;
}

/** @param predict answers twice the number it is given. @returns the calls that failed or got another's answer. */
export async function load(
  calls: number,
  atOnce: number,
  predict: (x: number) => Promise<unknown>,
  before: (index: number) => Promise<void> | undefined = () => undefined,
): Promise<readonly Loss[]> {
  const lost: Loss[] = [];
  let next = 0;
  const caller = async () => {
    while (next < calls) {
      const index = next++;
      await before(index);
      try {
        const found = await predict(index);
        if (found !== index * 2) lost.push({ index, error: `expected ${index * 2}, found ${String(found)}` });
      } catch (error) {
        lost.push({ index, error });
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, caller));
  return lost;
}
