using BenchmarkDotNet.Running;

BenchmarkSwitcher.FromAssembly(typeof(CudaRpc.Benchmarks.CodecBenchmarks).Assembly).Run(args);
