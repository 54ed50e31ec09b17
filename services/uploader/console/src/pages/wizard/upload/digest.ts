import { md5 } from '@noble/hashes/legacy.js'
import { bytesToHex } from '@noble/hashes/utils.js'

/** How much is digested before the page may do something else, in bytes. */
const bite = 1 << 20

/** The MD5 of a part, in hexadecimal: what S3 marks parts with. Browsers have none of their own. */
export async function md5Of(part: Blob): Promise<string> {
  const hash = md5.create()
  for (let at = 0; at < part.size; at += bite) {
    hash.update(new Uint8Array(await part.slice(at, at + bite).arrayBuffer()))
    await new Promise((resolve) => setTimeout(resolve))
  }
  return bytesToHex(hash.digest())
}

/**
 * The header by which the server refuses a part that was garbled on its way (RFC 9530); none where the page came over plain
 * HTTP from another machine, where browsers digest nothing.
 */
export async function contentDigest(part: Blob): Promise<Record<string, string>> {
  if (!globalThis.crypto?.subtle) return {}
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', await part.arrayBuffer()))
  return { 'Content-Digest': `sha-256=:${btoa(String.fromCharCode(...sum))}:` }
}
