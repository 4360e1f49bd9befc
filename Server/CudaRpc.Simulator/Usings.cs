global using CudaRpc.Driver;
global using static CudaRpc.Driver.CUresult;
