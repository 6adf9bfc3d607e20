// A log that somebody with the database has cut is shown to its visitor.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { QUESTION } from "../../visit.mjs";

const TABLE = "sotto-conversations";
const SIGNED =
  "AWS4-HMAC-SHA256 Credential=local/20261101/eu-central-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0";

async function dynamo(aws, operation, body) {
  const headers = { "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": `DynamoDB_20120810.${operation}`, Authorization: SIGNED, "X-Amz-Date": "20261101T000000Z" };
  const response = await fetch(aws, { method: "POST", headers, body: JSON.stringify({ TableName: TABLE, ...body }) });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}

for (const [locale, page, words] of [
  ["en-GB", "/plain.html", /missing or were changed.*start a new chat/i],
  ["de-DE", "/german.html", /fehlen oder wurden .*verändert.*neuen Chat/],
]) {
  test(`an exchange is deleted from the middle of a log: its visitor is told, ${locale}`, { locale }, async (guest) => {
    const { Table } = await dynamo(guest.place.aws, "DescribeTable", {});
    const names = Table.KeySchema.map(({ AttributeName }) => AttributeName);
    const keyOf = (item) => Object.fromEntries(names.map((name) => [name, item[name]]));
    const known = new Set((await dynamo(guest.place.aws, "Scan", {})).Items.map((item) => JSON.stringify(keyOf(item))));
    await guest.start(page);
    for (const text of [QUESTION, "and how do I send it back?", "thank you"]) {
      const before = await guest.log().locator(".message.bot").count();
      await guest.say(text);
      await guest.log().locator(".message.bot").nth(before).waitFor();
    }
    assert.equal(await guest.dialog().getByText(words).count(), 0);
    const { Items } = await dynamo(guest.place.aws, "Scan", {});
    const own = Items.map(keyOf).filter((key) => !known.has(JSON.stringify(key)));
    own.sort((a, b) => Number(a[names[1]].N) - Number(b[names[1]].N));
    await dynamo(guest.place.aws, "DeleteItem", { Key: own[own.length >> 1] });
    await guest.page.reload();
    await guest.open();
    await guest.dialog().getByText(words).waitFor();
    await guest.picture(`broken-${locale}`);
  });
}
