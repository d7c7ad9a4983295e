/** The read API: typed paths over fetch, RFC 9457 problems as errors. An accelerator: the chain stays the truth. */
import type { Address, Hex } from './deployment';

export type JobState = 'open' | 'funded' | 'submitted' | 'completed' | 'rejected' | 'expired';

export type ApiListing = {
  listing_id: string;
  agent_id: string;
  agent_name: string;
  owner: Address;
  wallet: Address;
  service_type: string;
  price: string;
  decimals: number;
  symbol: string;
  policy_id: number;
  work_seconds: number;
  uri: string;
  is_available: boolean;
  created_at: number;
  reputation_score: number | null;
  jobs_completed: number;
  jobs_total: number;
};

export type ApiVerdict = { score: number; report_hash: Hex; posted_at: number; signers: Address[] };
export type ApiEvent = {
  name: string;
  tx_hash: Hex;
  block_number: number;
  log_index: number;
  at: number;
  args: Record<string, unknown>;
};
export type ApiProgress = { at: number; stage: string; detail: string };
export type ApiPayout = { to: Address; amount: string; kind: string };

export type ApiJob = {
  /** A number of its generation's; `jobIn` makes both a name. */
  job_id: string;
  generation: number;
  client: Address;
  provider: Address;
  evaluator: Address;
  agent_id: string | null;
  agent_name?: string | null;
  listing_id: string | null;
  policy_id: number;
  token: Address;
  symbol: string;
  decimals: number;
  budget: string;
  status: JobState;
  description: string;
  request_cid: string | null;
  deliverable: Hex | null;
  result_cid: string | null;
  created_at: number;
  work_by: number;
  expired_at: number;
  submitted_at: number | null;
  settled_at: number | null;
  verdict: ApiVerdict | null;
  settleable_at: number | null;
  events?: ApiEvent[];
  progress?: ApiProgress[];
  payouts?: ApiPayout[];
};

export type ApiAgent = {
  agent_id: string;
  owner: Address;
  wallet: Address;
  uri: string;
  name: string;
  description: string;
  is_active: boolean;
  created_at: number;
  listings: ApiListing[];
  jobs: ApiJob[];
};

export type Page<T> = { items: T[]; next_cursor: string | null };
export type Health = { status: string; chain_id: number; block: number; head: number; lag_blocks: number };
export type StoredFile = { cid: string; bytes: number; sha256: string; media_type: string };

/** A refusal or an outage. `status` 0 means that no answer came at all. */
export class ApiError extends Error {
  override name = 'ApiError';
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly mend: string,
  ) {
    super(detail || title);
  }
  get isUnreachable(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

const BASE = '/api/v1';

export const artifactUrl = (cid: string): string => `${BASE}/artifacts/${encodeURIComponent(cid)}`;
export const eventsUrl = `${BASE}/events`;

export function apiGet<T>(
  path: string,
  query: Record<string, string | undefined> = {},
  signal?: AbortSignal,
): Promise<T> {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value) params.set(key, value);
  const tail = params.size > 0 ? `?${params}` : '';
  return request<T>(`${path}${tail}`, signal ? { signal } : {});
}

export function apiPost<T>(path: string, body: FormData | Record<string, unknown>): Promise<T> {
  const isForm = body instanceof FormData;
  return request<T>(path, {
    method: 'POST',
    body: isForm ? body : JSON.stringify(body),
    ...(isForm ? {} : { headers: { 'content-type': 'application/json' } }),
  });
}

/** The raw bytes of an artifact; the caller checks them against their CID. */
export async function fetchArtifact(cid: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const response = await answer(artifactUrl(cid), signal ? { signal } : {});
  return new Uint8Array(await response.arrayBuffer());
}

async function request<T>(path: string, init: RequestInit): Promise<T> {
  const response = await answer(`${BASE}${path}`, init);
  return (await response.json()) as T;
}

async function answer(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(0, 'unreachable', '', '');
  }
  if (!response.ok) throw await problem(response);
  return response;
}

async function problem(response: Response): Promise<ApiError> {
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  try {
    const body = (await response.json()) as Record<string, unknown>;
    return new ApiError(response.status, text(body.title), text(body.detail), text(body.mend));
  } catch {
    return new ApiError(response.status, response.statusText, '', '');
  }
}
