// A real application that signs its people in with Vigie, for the tests, on loopback: npm's openid-client, which checks the
// signature, issuer, audience, nonce, state and expiry of what it receives. POST /_register gives it issuer, identifier and secret.
import { createServer } from 'node:http'
import * as client from 'openid-client'

let config
let back
const waiting = new Map()
let tokens

async function begin(query) {
  const verifier = client.randomPKCECodeVerifier()
  const state = client.randomState()
  const nonce = client.randomNonce()
  waiting.set(state, { verifier, nonce })
  const asked = { redirect_uri: back, scope: query.get('scope') ?? 'openid', state, nonce }
  const proof = { code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' }
  return client.buildAuthorizationUrl(config, query.has('naive') ? asked : { ...asked, ...proof }).href
}

async function told() {
  const claims = tokens.claims()
  return { claims, person: await client.fetchUserInfo(config, tokens.access_token, claims.sub) }
}

async function answer(request, address) {
  if (address.pathname === '/_register') {
    let body = ''
    for await (const part of request) body += part
    const { issuer, identifier, secret } = JSON.parse(body)
    config = await client.discovery(new URL(issuer), identifier, secret, undefined, { execute: [client.allowInsecureRequests] })
    return { told: 'ok' }
  }
  if (address.pathname === '/entrer') return { redirect: await begin(address.searchParams) }
  if (address.pathname === '/retour') {
    const expected = waiting.get(address.searchParams.get('state')) ?? {}
    const checks = { pkceCodeVerifier: expected.verifier, expectedNonce: expected.nonce, expectedState: address.searchParams.get('state') }
    tokens = await client.authorizationCodeGrant(config, address, checks)
    return { told: await told() }
  }
  if (address.pathname === '/rafraichir') {
    tokens = await client.refreshTokenGrant(config, tokens.refresh_token)
    return { told: await told() }
  }
  return { told: 'nothing here' }
}

const server = createServer(async (request, response) => {
  const address = new URL(request.url, `http://127.0.0.1:${server.address().port}`)
  try {
    const given = await answer(request, address)
    if (given.redirect) response.writeHead(302, { location: given.redirect }).end()
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(given.told))
  } catch (error) {
    response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ refused: error.error ?? error.code ?? error.message }))
  }
})
server.listen(0, '127.0.0.1', () => {
  back = `http://127.0.0.1:${server.address().port}/retour`
  console.log(`http://127.0.0.1:${server.address().port}`)
})
