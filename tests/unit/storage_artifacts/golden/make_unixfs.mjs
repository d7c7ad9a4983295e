// Prints the golden CIDs of unixfs.json with the reference JavaScript implementation.
// Run in an empty folder: npm i ipfs-unixfs-importer@17.1.1 blockstore-core && node make_unixfs.mjs
import { importer } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import { MemoryBlockstore } from 'blockstore-core'
const pattern = (n) => { const b = new Uint8Array(n); for (let i = 0; i < n; i++) b[i] = (i * 31 + (i >> 8) * 7 + (i >> 16)) & 255; return b }
const profiles = {
  'unixfs-v1-2025': { cidVersion: 1, rawLeaves: true, chunk: 1048576, width: 1024 },
  'unixfs-v0-2015': { cidVersion: 0, rawLeaves: false, chunk: 262144, width: 174 }
}
const cases = [['unixfs-v1-2025', [0, 1, 5, 1048575, 1048576, 1048577, 3 * 1048576 + 17]],
  ['unixfs-v0-2015', [0, 1, 5, 262143, 262144, 262145, 5 * 262144 + 3, 174 * 262144, 174 * 262144 + 1]]]
const out = []
async function one (name, size, chunk, width) {
  const p = profiles[name]
  for await (const e of importer([{ content: pattern(size) }], new MemoryBlockstore(), {
    cidVersion: p.cidVersion, rawLeaves: p.rawLeaves, leafType: 'file', reduceSingleLeafToSelf: true, wrapWithDirectory: false,
    chunker: fixedSize({ chunkSize: chunk ?? p.chunk }), layout: balanced({ maxChildrenPerNode: width ?? p.width }) })) {
    out.push({ profile: name, size_bytes: size, chunk_bytes: chunk ?? p.chunk, width: width ?? p.width, cid: e.cid.toString(), tree_bytes: Number(e.size) })
  }
}
for (const [n, sizes] of cases) for (const s of sizes) await one(n, s)
// three levels with a lone last child, kept small by a small chunk and width
for (const n of Object.keys(profiles)) { await one(n, 1024 * 16 + 1, 1024, 4); await one(n, 1024 * 64 + 5, 1024, 4) }
console.log(JSON.stringify(out, null, 1))
