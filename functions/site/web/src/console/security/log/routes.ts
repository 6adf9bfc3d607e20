import type { Answer } from "../../kit.ts";

export type Proof = Answer<"GET /v1/audit/proofs/{event_id}">;
