import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { textOf } from "../../static/file_text.js";

const TEXT = "policy_chosen_logps;prompt\r\n\u221241,2;déjà vu\r\n";

/** @type {(text: string) => number[]} */
const units = (text) => Array.from(text, (character) => character.charCodeAt(0));

/** @type {Record<string, (text: string) => Uint8Array<ArrayBuffer>>} */
const ENCODED = {
  "UTF-8": (text) => new TextEncoder().encode(text),
  "UTF-8 with a mark": (text) => new TextEncoder().encode(`\ufeff${text}`),
  "UTF-16": (text) => new Uint8Array(units(`\ufeff${text}`).flatMap((unit) => [unit & 255, unit >> 8])),
  "UTF-16, big-endian": (text) =>
    new Uint8Array(units(`\ufeff${text}`).flatMap((unit) => [unit >> 8, unit & 255])),
  "UTF-16 without a mark": (text) => new Uint8Array(units(text).flatMap((unit) => [unit & 255, unit >> 8])),
};

for (const [name, encode] of Object.entries(ENCODED)) {
  test(`${name} is read, packed or not`, async () => {
    const bytes = encode(TEXT);
    assert.equal(await textOf(new Blob([bytes])), TEXT);
    assert.equal(await textOf(new Blob([new Uint8Array(gzipSync(bytes))])), TEXT);
  });
}

test("Windows-1252 is read", async () => {
  assert.equal(await textOf(new Blob([new Uint8Array([0x64, 0xe9, 0x80])])), "dé€");
});

test("a damaged archive is no text", async () => {
  await assert.rejects(textOf(new Blob([new Uint8Array([0x1f, 0x8b, 1])])));
});

test("nothing is an empty text", async () => {
  assert.equal(await textOf(new Blob([])), "");
});
