// A real OpenID provider for the tests, on loopback: npm's oidc-provider. POST /_faults says what is wrong with its next
// answers; the person « types » her account and her level in the address of the sign-in page.
import { generateKeyPair, exportJWK, importJWK, SignJWT, decodeJwt } from 'jose'
import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'

const redirects = process.argv.slice(2)
const keyOf = async (kid) => ({ ...(await exportJWK((await generateKeyPair('RS256', { extractable: true })).privateKey)), kid, alg: 'RS256', use: 'sig' })
const key = await keyOf('genuine')
const forged = await keyOf('genuine')
let people = {}
let faults = {}
const seen = []

const server = createServer()
await new Promise((done) => server.listen(0, '127.0.0.1', done))
const issuer = `http://127.0.0.1:${server.address().port}`
const provider = new Provider(issuer, {
  clients: [{ client_id: 'vigie', client_secret: 'tests:only secret', redirect_uris: redirects, token_endpoint_auth_method: 'client_secret_basic' }],
  jwks: { keys: [key] },
  cookies: { keys: ['only for tests'] },
  acrValues: ['eidas1', 'eidas2', 'eidas3'],
  scopes: ['openid', 'scope_all'],
  claims: { openid: ['sub', 'acr'], email: ['email', 'email_verified'], profile: ['name'], scope_all: ['SubjectNameID'], acr: null },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId })
    grant.addOIDCScope(ctx.oidc.params.scope)
    await grant.save()
    return grant
  },
})

const wait = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000))

async function falsified(token) {
  const claims = { ...decodeJwt(token), ...faults.claims }
  if (faults.algorithm === 'none') return `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`
  if (faults.algorithm === 'HS256') return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'genuine' }).sign(new TextEncoder().encode('tests:only secret'))
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'genuine' }).sign(await importJWK(faults.signature === 'forged' ? forged : key, 'RS256'))
}

provider.use(async (ctx, next) => {
  if (ctx.path === '/_faults') {
    let body = ''
    for await (const part of ctx.req) body += part
    const told = JSON.parse(body)
    people = told.people ?? people
    faults = told.faults ?? {}
    seen.length = 0
    ctx.body = 'ok'
    return
  }
  if (ctx.path === '/_seen') {
    ctx.body = seen
    return
  }
  seen.push(ctx.path)
  if (faults.slow === ctx.path) await wait(faults.seconds ?? 30)
  if (faults.broken === ctx.path) {
    ctx.status = 500
    return
  }
  if (ctx.path.startsWith('/interaction/')) {
    const { account, acr, error } = ctx.query
    const login = error ? { error } : { login: { accountId: account, acr } }
    await provider.interactionFinished(ctx.req, ctx.res, login, { mergeWithLastSubmission: false })
    ctx.respond = false
    return
  }
  await next()
  if (ctx.path === '/token' && ctx.body?.id_token && (faults.claims || faults.signature || faults.algorithm)) {
    ctx.body = { ...ctx.body, id_token: await falsified(ctx.body.id_token) }
  }
  if (ctx.path === '/me' && faults.userinfo) ctx.body = { ...ctx.body, ...faults.userinfo }
  if (ctx.path === '/.well-known/openid-configuration' && faults.discovery) ctx.body = { ...ctx.body, ...faults.discovery }
})
server.on('request', provider.callback())
console.log(issuer)
