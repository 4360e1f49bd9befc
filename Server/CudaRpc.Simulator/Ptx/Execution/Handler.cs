global using unsafe Handler = delegate*<CudaRpc.Simulator.Ptx.Execution.Worker, CudaRpc.Simulator.Ptx.Execution.Instruction*, uint, void>;
