global using CudaRpc.Driver;
