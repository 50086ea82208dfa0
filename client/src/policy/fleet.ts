// All endpoints together, and what they may be burdened with beyond one request a call: state + event → next. Pure.
import { disproved, type Endpoint, type Settled, settled, started, unknownEndpoint } from './endpoint.ts';

export interface Fleet {
  readonly endpoints: readonly Endpoint[];
  /** Retries that may still be sent to endpoints in trouble. */
  readonly retryTokens: number;
  readonly hedgeTokens: number;
  /** Times of the last answers, in ms, newest last. */
  readonly latencies: readonly number[];
}

export type FleetEvent =
  | { readonly kind: 'called' }
  | {
      readonly kind: 'started';
      readonly endpoint: number;
      readonly at: number;
      readonly pays?: 'retry' | 'hedge' | undefined;
    }
  | ({ readonly kind: 'settled'; readonly endpoint: number } & Settled)
  /** Another endpoint took what this one had turned away. */
  | { readonly kind: 'disproved'; readonly endpoint: number; readonly at: number; readonly random: number };

/** A burst when a cloud goes; in the long run each answer earns a tenth of a retry, so that an overload grows by a tenth at most. */
const mostRetryTokens = 100;
const retryTokensPerAnswer = 0.1;
const mostHedgeTokens = 10;
const latenciesKept = 64;
/** Below this a 95th percentile is a guess. */
const latenciesNeeded = 20;

export function createFleet(size: number): Fleet {
  return {
    endpoints: Array.from({ length: size }, () => unknownEndpoint),
    retryTokens: mostRetryTokens,
    hedgeTokens: 0,
    latencies: [],
  };
}

/** @param hedgeShare of the calls that may be sent twice, 0 to 1. */
export function nextFleet(fleet: Fleet, event: FleetEvent, hedgeShare = 0): Fleet {
  switch (event.kind) {
    case 'called':
      return { ...fleet, hedgeTokens: Math.min(mostHedgeTokens, fleet.hedgeTokens + hedgeShare) };
    case 'started':
      return {
        ...fleet,
        endpoints: replaced(fleet.endpoints, event.endpoint, (one) => started(one, event.at)),
        retryTokens: fleet.retryTokens - (event.pays === 'retry' ? 1 : 0),
        hedgeTokens: fleet.hedgeTokens - (event.pays === 'hedge' ? 1 : 0),
      };
    case 'settled': {
      const endpoints = replaced(fleet.endpoints, event.endpoint, (one) => settled(one, event));
      if (event.outcome !== 'answered') return { ...fleet, endpoints };
      return {
        ...fleet,
        endpoints,
        retryTokens: Math.min(mostRetryTokens, fleet.retryTokens + retryTokensPerAnswer),
        latencies: [...fleet.latencies.slice(1 - latenciesKept), event.at - event.startedAt],
      };
    }
    case 'disproved':
      return {
        ...fleet,
        endpoints: replaced(fleet.endpoints, event.endpoint, (one) => disproved(one, event.at, event.random)),
      };
  }
}

/** The 95th percentile of the last answers, in ms; `undefined` until it means something. */
export function slowAnswerMs({ latencies }: Fleet): number | undefined {
  if (latencies.length < latenciesNeeded) return undefined;
  return latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length * 0.95)];
}

function replaced(
  endpoints: readonly Endpoint[],
  index: number,
  change: (endpoint: Endpoint) => Endpoint,
): readonly Endpoint[] {
  return endpoints.map((endpoint, at) => (at === index ? change(endpoint) : endpoint));
}
