// Training as a person watches it: one line that changes on a terminal, a few lines elsewhere. Always on standard error.
import type { TrainingProgress } from '../training/train.ts';

export function showProgress(name: string): (now: TrainingProgress) => void {
  const { stderr } = process;
  return ({ epoch, epochs, loss }) => {
    const line = `training ${name}: epoch ${epoch} of ${epochs}, loss ${loss.toFixed(4)}`;
    if (stderr.isTTY) stderr.write(`\r${line}${epoch === epochs ? '\n' : ''}`);
    else if (epoch % Math.ceil(epochs / 4) === 0 || epoch === epochs) stderr.write(`${line}\n`);
  };
}
