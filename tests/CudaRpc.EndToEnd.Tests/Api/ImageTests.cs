using System.Buffers.Binary;
using System.Security.Cryptography;
using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Images;
using CudaRpc.Protocol;
using CudaRpc.Server;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>What of a module image travels: once, only what the devices can use, and all parts of relocatable device code.</summary>
public sealed unsafe class ImageTests
{
    private const string Kernel = ".version 7.0\n.target sm_70\n.address_size 64\n.visible .entry kernel() { ret; }\n";

    [Fact]
    public void Load_OfALargeImage_SendsItOnceToAServer()
    {
        using var server = new SimulatedServer();
        string large = Kernel + "//" + new string('x', 2 * ProtocolLimits.HashedImage) + "\n";

        Assert.InRange(Sent(server.Driver, large), large.Length, large.Length + 2000);
        Assert.InRange(Sent(server.Driver, large), 1, 2000);
        using RemoteDriver other = server.Server.Connect();
        other.CreateContext();
        Assert.InRange(Sent(other, large), 1, 2000);
        // One byte differs: another image.
        Assert.InRange(Sent(other, large.Replace("x\n", "y\n", StringComparison.Ordinal)), large.Length, large.Length + 2000);
        Assert.Equal(2 * (large.Length + 1), server.Server.Server.Images.Bytes);
    }

    [Fact]
    public void Load_OfASmallImage_TakesOneRoundTrip()
    {
        using var server = new SimulatedServer();
        long before = server.RoundTrips;

        server.Driver.Load(Kernel);

        Assert.Equal(1, server.RoundTrips - before);
        Assert.Equal(0, server.Server.Server.Images.Bytes);
    }

    [Fact]
    public void Load_OfALargeLibraryThatDoesNotLoad_SaysSoBothTimes()
    {
        using var server = new SimulatedServer();
        CUlibrary library;
        fixed (byte* image = Cuda.Text(Kernel + "nonsense" + new string(' ', ProtocolLimits.HashedImage)))
        {
            for (int time = 0; time < 2; time++)
            {
                Assert.Equal(CUresult.CUDA_ERROR_INVALID_PTX, server.Driver.cuLibraryLoadData(&library, image, null, null, 0, null, null, 0));
            }
        }
    }

    [Fact]
    public void Cache_WithMoreBytesThanItMayKeep_DropsTheLeastRecentlyUsed()
    {
        var cache = new ImageCache(capacity: 100);
        byte[][] images = [new byte[40], new byte[41], new byte[42], new byte[101]];
        byte[][] hashes = [.. images.Select(SHA256.HashData)];
        cache.Add(hashes[0], images[0]);
        cache.Add(hashes[1], images[1]);
        Assert.NotNull(cache.Find(hashes[0]));
        cache.Add(hashes[2], images[2]);
        cache.Add(hashes[3], images[3]);

        Assert.Equal(images[0], cache.Find(hashes[0]));
        Assert.Null(cache.Find(hashes[1]));
        Assert.Equal(images[2], cache.Find(hashes[2]));
        Assert.Null(cache.Find(hashes[3]));
        Assert.Equal(82, cache.Bytes);
    }

    [Fact]
    public void Load_OfAFatBinary_LeavesOutWhatTheDeviceCannotUse()
    {
        using var server = new SimulatedServer();
        byte[] file = FatBinaries.Build(
            FatBinaries.Cubin(80, bytes: 50_000), FatBinaries.Ptx(70, Kernel), FatBinaries.Ptx(100, new string('x', 50_000)), FatBinaries.Cubin(90, bytes: 1000));
        fixed (byte* image = file)
        {
            CUmodule module;
            long before = server.Driver.Session.Statistics.BytesSent;
            Cuda.Ok(server.Driver.cuModuleLoadData(&module, image));
            Assert.InRange(server.Driver.Session.Statistics.BytesSent - before, 1100, 3000);
            Assert.NotEqual(default, server.Driver.Function(module, "kernel"));
        }
    }

    [Fact]
    public void Filter_OfEveryKindOfEntry_KeepsWhatSuits()
    {
        (bool Kept, (ushort, uint, ulong, byte[]) Entry)[] rows =
        [
            (false, FatBinaries.Cubin(80)), (true, FatBinaries.Cubin(90)), (false, FatBinaries.Cubin(91)), (false, FatBinaries.Cubin(100)),
            (true, FatBinaries.Cubin(90, FatBinaries.Specific)), (false, FatBinaries.Cubin(89, FatBinaries.Specific)),
            (true, FatBinaries.Ptx(52, Kernel)), (true, FatBinaries.Ptx(90, Kernel)), (false, FatBinaries.Ptx(100, Kernel)),
            (true, FatBinaries.Ptx(90, Kernel, FatBinaries.Specific)), (false, FatBinaries.Ptx(80, Kernel, FatBinaries.Specific)),
            (true, FatBinaries.Ptx(90, Kernel, FatBinaries.Family)), (false, FatBinaries.Ptx(80, Kernel, FatBinaries.Family)),
            (true, (8, 100, 0, new byte[8])),
        ];
        byte[] all = FatBinaries.Build([.. rows.Select(row => row.Entry)]);
        byte[] expected = FatBinaries.Build([.. rows.Where(row => row.Kept).Select(row => row.Entry)]);
        byte[] target = new byte[all.Length];

        int length = FatBinaryFilter.Filter(all, [90], target);

        Assert.Equal(expected, target[..length]);
    }

    [Fact]
    public void Filter_OfWhatItCannotShorten_LeavesItAlone()
    {
        byte[] useless = FatBinaries.Build(FatBinaries.Cubin(80));
        byte[] useful = FatBinaries.Build(FatBinaries.Cubin(90));
        byte[] damaged = FatBinaries.Build(FatBinaries.Cubin(80), FatBinaries.Cubin(90));
        BinaryPrimitives.WriteInt64LittleEndian(damaged.AsSpan(16 + 8), long.MaxValue);
        foreach (byte[] file in (byte[][])[useless, useful, damaged, [], new byte[20]])
        {
            Assert.Equal(file.Length, FatBinaryFilter.Filter(file, [90], new byte[file.Length]));
        }
    }

    [Fact]
    public void Load_OfRelocatableDeviceCode_LinksTheParts()
    {
        using var server = new SimulatedServer();
        byte[] linked = FatBinaries.Build(FatBinaries.Cubin(80));
        byte[] main = FatBinaries.Build(FatBinaries.Cubin(80, bytes: 24), FatBinaries.Ptx(70, LinkerTests.Main));
        byte[] twice = FatBinaries.Build(FatBinaries.Ptx(70, LinkerTests.Twice));
        fixed (byte* first = linked, second = main, third = twice)
        {
            byte** parts = stackalloc byte*[] { second, third, null };
            nint* wrapper = stackalloc nint[] { unchecked((nint)0x2_466243b1), (nint)first, (nint)parts };
            CUlibrary library;
            CUmodule module;

            Cuda.Ok(server.Driver.cuLibraryLoadData(&library, wrapper, null, null, 0, null, null, 0));

            Cuda.Ok(server.Driver.cuLibraryGetModule(&module, library));
            Assert.Equal(14u, LinkerTests.Run(server.Driver, module, 7));
            parts[1] = (byte*)wrapper;
            Assert.Equal(CUresult.CUDA_ERROR_INVALID_IMAGE, server.Driver.cuModuleLoadData(&module, wrapper));
            // Without the linked image, which is optional, and without one that is needed.
            parts[1] = null;
            wrapper[1] = 0;
            Assert.Equal(CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU, server.Driver.cuModuleLoadData(&module, wrapper));
        }
    }

    private static long Sent(RemoteDriver driver, string ptx)
    {
        long before = driver.Session.Statistics.BytesSent;
        CUmodule module = driver.Load(ptx);
        driver.Function(module, "kernel");
        return driver.Session.Statistics.BytesSent - before;
    }
}
