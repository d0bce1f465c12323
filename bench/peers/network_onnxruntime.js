// SPDX-License-Identifier: Apache-2.0
// node network_onnxruntime.js MODEL.onnx INPUT.bin OUTPUT.bin EDGE THREADS REPEATS: passes through ONNX Runtime,
// the first of which does not count; prints
// {"seconds": [..], "cpu_seconds": [..], "peak_kilobytes": ..}. NODE_PATH leads to
// onnxruntime-node.
'use strict';
const fs = require('fs');
const ort = require('onnxruntime-node');

async function main() {
  const [model, input, output, edge, threads, repeats] = process.argv.slice(2);
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    interOpNumThreads: 1,
    intraOpNumThreads: Number(threads),
    // Threads that wait for work would otherwise count as CPU time.
    extra: {session: {intra_op: {allow_spinning: '0'}}},
  });
  const bytes = fs.readFileSync(input);
  const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const x = new ort.Tensor('float32', values, [1, 1, Number(edge), Number(edge), Number(edge)]);
  const seconds = [];
  const cpuSeconds = [];
  let logits;
  for (let round = 0; round <= Number(repeats); ++round) {
    const cpuBefore = process.cpuUsage();
    const start = process.hrtime.bigint();
    logits = (await session.run({x})).y.data;
    const spent = Number(process.hrtime.bigint() - start) * 1e-9;
    const cpu = process.cpuUsage(cpuBefore);
    if (round === 0) continue;
    seconds.push(spent);
    cpuSeconds.push((cpu.user + cpu.system) * 1e-6);
  }
  fs.writeFileSync(output, Buffer.from(logits.buffer, logits.byteOffset, logits.byteLength));
  const peakKilobytes = Number(/VmHWM:\s*(\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]);
  console.log(JSON.stringify({seconds, cpu_seconds: cpuSeconds, peak_kilobytes: peakKilobytes}));
}
main();
