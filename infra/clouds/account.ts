// Where a login leads: whose account, project or subscription it is, and what it may see there. Reads; switches on only what it is told to.
import type { RuntimeName } from '../contract/service.ts';
import type { Environment } from '../contract/stack.ts';

export interface Login {
  /** AWS account id, Google project, Azure subscription id. */
  readonly account: string;
  /** Who is logged in, in the vendor's words. */
  readonly who: string;
  /** Whose directory it is; Azure only. */
  readonly tenant?: string;
}

/** One cloud as somebody with credentials sees it. Every method throws an Error with the vendor's words. */
export interface CloudAccount {
  login(): Promise<Login>;
  /** What the vendor must have switched on before a foundation can be made, and has not; nothing where there is no such switch. */
  switchedOff(login: Login): Promise<readonly string[]>;
  switchOn(login: Login, names: readonly string[]): Promise<void>;
  /** Does the region have the product? `undefined`: could not tell. */
  offers(runtime: RuntimeName, region: string, login: Login): Promise<boolean | undefined>;
  /** Asks the product what a prover asks it, and throws where that is not allowed. @returns how many services it showed. */
  read(runtime: RuntimeName, region: string, login: Login): Promise<number | undefined>;
}

/** The vendor's words for all this. */
export interface AccountWords {
  readonly vendor: string;
  /** `account`, `project`, `subscription`. */
  readonly unit: string;
  readonly logIn: string;
  /** Where environments share one: what of each other's their deployers and containers reach nevertheless, as docs/real-clouds.md says it. */
  readonly shares: string;
  /** Of an environment's secrets, those whose names leave them to other environments' deployers in the same place; absent: names alone don't say. */
  unguarded?(secrets: readonly string[], environment: Environment): readonly string[];
  /** How `names` are switched on by hand. */
  switchOnByHand(names: readonly string[], account: string): string;
  /** Where what the product offers by region is listed. */
  readonly regions: string;
}

/** Looking for credentials where there are none can take minutes. */
export async function within<T>(milliseconds: number, what: string, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`${what}: no answer in ${milliseconds / 1000} s`)),
    milliseconds,
  );
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
