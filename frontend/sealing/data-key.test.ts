import assert from "node:assert/strict";
import { test } from "node:test";
import { makeDataKey, openDataKey, readDataKey, remakeDataKey } from "./data-key";
import { fromBase64url, toBase64url, toUtf8 } from "./encoding";
import { openField, sealField } from "./field";
import { newRevision } from "./identifiers";
import { makeKeys } from "./keys";
import { Pins } from "./pins";
import { sign } from "./signatures";
import { makeConfirmation } from "./statements";
import { refused, testPins, testPlace, testSite } from "./testing";

test("every reader of an event's key opens what another sealed", async () => {
  const [here, there] = [await testSite(), await testSite()];
  const pins = testPins(here, there);
  const scope = `evt:${newRevision()}`;
  const record = await makeDataKey({ scope, number: 1, recipients: [here.kid, there.kid], signer: here.held, pins });
  const [mine, theirs] = await Promise.all([here, there].map(({ held }) => openDataKey({ record, held: [held], pins })));
  assert.ok(mine && theirs);
  const place = testPlace(scope);
  const token = await sealField({ key: mine, place, text: "Éléonore Lefèvre" });
  assert.equal((await openField({ key: theirs, place, token })).text, "Éléonore Lefèvre");
});

test("the key cannot be taken out of the browser", async () => {
  const site = await testSite();
  const pins = testPins(site);
  const record = await makeDataKey({ scope: `dat:${site.id}`, number: 1, recipients: [site.kid], signer: site.held, pins });
  const { key } = await openDataKey({ record, held: [site.held], pins });
  await assert.rejects(crypto.subtle.exportKey("raw", key));
});

test("a site that is not listed does not open the key", async () => {
  const [here, there] = [await testSite(), await testSite()];
  const pins = testPins(here, there);
  const record = await makeDataKey({ scope: `evt:${newRevision()}`, number: 1, recipients: [here.kid], signer: here.held, pins });
  await refused("not-a-recipient", () => openDataKey({ record, held: [there.held], pins }));
});

test("a reader added opens values sealed before", async () => {
  const [here, later] = [await testSite(), await testSite()];
  const pins = testPins(here, later);
  const scope = `evt:${newRevision()}`;
  const record = await makeDataKey({ scope, number: 1, recipients: [here.kid], signer: here.held, pins });
  const place = testPlace(scope);
  const token = await sealField({ key: await openDataKey({ record, held: [here.held], pins }), place, text: "Zoé" });
  const wider = await remakeDataKey({ record, recipients: [here.kid, later.kid], held: [here.held], signer: here.held, pins });
  const key = await openDataKey({ record: wider, held: [later.held], pins });
  assert.equal((await openField({ key, place, token })).text, "Zoé");
  assert.deepEqual(key.recipients.map(({ kid }) => kid), [here.kid, later.kid].sort());
  assert.ok(readDataKey(wider).rev > readDataKey(record).rev);
});

test("a reader whom two administrators have not confirmed is not added", async () => {
  const [here, there] = [await testSite(), await testSite()];
  const pins = testPins(here);
  pins.see(there.held.keys);
  const scope = `evt:${newRevision()}`;
  const make = () => makeDataKey({ scope, number: 1, recipients: [here.kid, there.kid], signer: here.held, pins });
  await refused("not-confirmed", make);
  const by = newRevision();
  await pins.confirm(await makeConfirmation({ held: here.held, confirmed: there.held.keys, by }));
  await pins.confirm(await makeConfirmation({ held: here.held, confirmed: there.held.keys, by }));
  await refused("not-confirmed", make);
  await pins.confirm(await makeConfirmation({ held: here.held, confirmed: there.held.keys, by: newRevision() }));
  await make();
});

test("a confirmation that the site did not sign does not count", async () => {
  const [here, there] = [await testSite(), await testSite()];
  const pins = testPins(here);
  pins.see(there.held.keys);
  const record = await makeConfirmation({ held: there.held, confirmed: there.held.keys, by: newRevision() });
  await refused("unpinned-signer", () => pins.confirm(record));
});

test("another key under a known name is an alarm", async () => {
  const site = await testSite();
  const pins = testPins(site);
  const { made } = await makeKeys(site.kid);
  await refused("changed-thumbprint", () => pins.see(made.keys));
  await refused("changed-thumbprint", () => new Pins(pins.kept).see(made.keys));
});

test("a site's own key is for the site and its connectors", async () => {
  const [here, there] = [await testSite(), await testSite()];
  const pins = testPins(here, there);
  const scope = `dat:${here.id}`;
  await refused("recipients-mismatch", () =>
    makeDataKey({ scope, number: 1, recipients: [here.kid, there.kid], signer: here.held, pins }));
  await refused("unpinned-signer", () => makeDataKey({ scope, number: 1, recipients: [here.kid], signer: there.held, pins }));
});

test("an older record of a data key is refused", async () => {
  const site = await testSite();
  const pins = testPins(site);
  const record = await makeDataKey({ scope: `dat:${site.id}`, number: 1, recipients: [site.kid], signer: site.held, pins });
  await refused("older-revision", () => openDataKey({ record, held: [site.held], pins, newest: newRevision(readDataKey(record).rev) }));
});

test("a reader slipped in by the server is refused, even with a good signature of another", async () => {
  const [here, server] = [await testSite(), await testSite()];
  const pins = testPins(here);
  const scope = `evt:${newRevision()}`;
  const record = await makeDataKey({ scope, number: 1, recipients: [here.kid], signer: here.held, pins });
  const { jwe, rev } = readDataKey(record);
  const added = { header: { ...(jwe.recipients[0]?.header ?? {}), kid: server.kid, jkt: server.held.keys.jkt }, encrypted_key: toBase64url(new Uint8Array(40)) };
  const recipients = [...jwe.recipients, added].sort((one, other) => ((one.header.kid ?? "") < (other.header.kid ?? "") ? -1 : 1));
  const [header, , signature] = record.split(".");
  const altered = [header, toBase64url(toUtf8(JSON.stringify({ ...jwe, recipients }))), signature].join(".");
  await refused("bad-signature", () => openDataKey({ record: altered, held: [here.held], pins }));
  const resigned = await sign({ typ: "sealed-evk+jws", kid: server.kid, rev, payload: { ...jwe, recipients }, key: server.held.sig });
  await refused("unpinned-signer", () => openDataKey({ record: resigned, held: [here.held], pins }));
  const bySite = await sign({ typ: "sealed-evk+jws", kid: here.kid, rev, payload: { ...jwe, recipients }, key: here.held.sig });
  await refused("recipients-mismatch", () => openDataKey({ record: bySite, held: [here.held], pins }));
});

test("a record of another number than the one asked for is refused", async () => {
  const site = await testSite();
  const pins = testPins(site);
  const scope = `dat:${site.id}`;
  const record = await makeDataKey({ scope, number: 1, recipients: [site.kid], signer: site.held, pins });
  await refused("wrong-number", () => openDataKey({ record, id: `${scope}#2`, held: [site.held], pins }));
});

test("base64url is read in one form only", async () => {
  for (const wrong of ["QQ==", "QR", "Q", "Q+", "Q Q", "QUI/"]) await refused("non-canonical", () => fromBase64url(wrong));
  assert.deepEqual(fromBase64url("QQ"), new Uint8Array([65]));
});
