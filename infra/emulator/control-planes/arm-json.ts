// Azure Resource Manager's JSON on the wire: answers, and errors. https://learn.microsoft.com/azure/azure-resource-manager/templates/common-deployment-errors
import type { WireResponse } from '../world.ts';

export function json(status: number, body: unknown): WireResponse {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify(body) };
}

export function refusal(status: number, code: string, message: string): WireResponse {
  return json(status, { error: { code, message } });
}
