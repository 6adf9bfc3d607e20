/** Routes of the desk that docs/openapi.json does not have yet. It takes their place. */
declare module "../contract.ts" {
  interface Operations {
    "GET /v1/inbox/{conversation_id}/suggestions": {
      path: { conversation_id: string };
      query?: undefined;
      headers?: object;
      body?: undefined;
      answer: { items: { entry_id: string; title: string; answer: string; score: number }[] };
    };
    "GET /v1/canned": {
      path?: undefined;
      query?: undefined;
      headers?: object;
      body?: undefined;
      answer: { items: { shortcut: string; text: string; locale: string }[] };
    };
    "PUT /v1/canned/{shortcut}": {
      path: { shortcut: string };
      query?: undefined;
      headers?: object;
      body: { text: string; locale: string };
      answer: unknown;
    };
    "DELETE /v1/canned/{shortcut}": { path: { shortcut: string }; query?: undefined; headers?: object; body?: undefined; answer: null };
  }
}

export {};
