/** What the API says about staff; the parts that this page reads. */

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export const ROLES = ["agent", "privacy", "security", "admin"] as const;

export type Role = (typeof ROLES)[number];

export interface Me {
  id: string;
  name: string;
  email: string;
  roles: Role[];
  mfa: string[];
  /** What an admin took away and the person set anew since; null if nothing is to be said of it. */
  reset?: { what: string; at: string } | null;
}

export interface Person {
  id: string;
  name: string | null;
  email: string;
  roles: Role[];
  status: string;
  mfa: string[];
  locked_until: string | null;
}

export interface Factor {
  id: string;
  kind: string;
  name: string | null;
  created_at: string;
  last_used_at: string | null;
}

export interface Session {
  id: string;
  current: boolean;
  created_at: string;
  last_used_at: string;
  amr: string[];
}

/** A sign-in that is half done: what is missing is one of these factors. */
export interface Pending {
  mfa_token: string;
  methods: string[];
}

/** A person whose password is set and who has no second factor yet. */
export interface Enrolment {
  enrolment_token: string;
  methods: string[];
}

export interface Tokens {
  access_token: string;
  expires_in: number;
  recovery_codes?: string[];
}

/** What an admin hands over to somebody, who opens it as a link. */
export interface Invitation {
  invitation_token: string;
  expires_at: string;
}
