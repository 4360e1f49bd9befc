using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using CudaRpc.Driver;

namespace CudaRpc.Generator.Tests;

/// <summary>The types that CudaRpc.Driver was built with, held against the facts about CUDA 13.0: sizes, offsets, values.</summary>
public sealed class DriverTypesTests
{
    private static readonly JsonElement s_facts = JsonDocument.Parse(Repository.Read("tests", "facts", "cuda-13.0.json")).RootElement;

    public static TheoryData<string> Structs => Names("structs");

    public static TheoryData<string> Enums => Names("enums");

    [Theory]
    [MemberData(nameof(Structs))]
    public void Struct_OfTheHeader_HasItsLayout(string name)
    {
        JsonElement facts = Find("structs", name);
        Type type = TypeOf(name);

        Assert.Equal(facts.GetProperty("size").GetInt32(), SizeOf(type));
        AssertFields(facts, type, origin: 0);
    }

    [Theory]
    [MemberData(nameof(Enums))]
    public void Enum_OfTheHeader_HasItsValues(string name)
    {
        JsonElement facts = Find("enums", name);
        Type type = TypeOf(name);

        Assert.Equal(facts.GetProperty("underlying").GetString() == "int" ? typeof(int) : typeof(uint), Enum.GetUnderlyingType(type));
        Assert.Equal(
            facts.GetProperty("constants").EnumerateArray()
                .Select(item => $"{item.GetProperty("name").GetString()} = {item.GetProperty("value").GetInt64()}")
                .Order(StringComparer.Ordinal),
            Enum.GetNames(type).Select(item => $"{item} = {Convert.ToInt64(Enum.Parse(type, item))}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void DevicePointer_Arithmetic_IsInBytes()
    {
        CUdeviceptr address = new(0x1000);

        Assert.Equal(new CUdeviceptr(0x1010), address + 16UL);
        Assert.Equal(new CUdeviceptr(0xff0), address + -16L);
        Assert.Equal(new CUdeviceptr(0xff0), address - 16UL);
        Assert.Equal(0x1000UL, (ulong)address);
        Assert.Equal(address, (CUdeviceptr)0x1000UL);
    }

    [Fact]
    public unsafe void Twin_OfAFunctionWithAStream_TakesNullForTheThreadsOwn()
    {
        StreamSpy driver = new();

        driver.cuStreamQuery_ptsz(default);
        Assert.Equal(CudaConstants.CU_STREAM_PER_THREAD, driver.Seen.Value);
        driver.cuStreamQuery_ptsz(new CUstream(0x500));
        Assert.Equal(0x500, driver.Seen.Value);

        CUlaunchConfig config = default;
        driver.cuLaunchKernelEx_ptsz(&config, default, null, null);
        Assert.Equal(CudaConstants.CU_STREAM_PER_THREAD, driver.Seen.Value);
        Assert.Equal(0, config.hStream.Value);
    }

    [Fact]
    public unsafe void OlderName_OfAFunction_Forwards()
    {
        StreamSpy driver = new();

        Assert.Equal(CUresult.CUDA_SUCCESS, driver.cuStreamDestroy(new CUstream(7)));
        Assert.Equal(7, driver.Seen.Value);
        Assert.Equal(CUresult.CUDA_ERROR_NOT_SUPPORTED, driver.cuInit(0));
    }

    private static void AssertFields(JsonElement record, Type type, int origin)
    {
        foreach (JsonElement field in record.GetProperty("fields").EnumerateArray())
        {
            string? name = field.GetProperty("name").GetString();
            int offset = field.GetProperty("offset").GetInt32() - origin;
            if (name is null)
            {
                // The members of an anonymous member are the record's own.
                AssertFields(field, type, origin);
                continue;
            }

            FieldInfo found = type.GetField(name) ?? type.GetField(name + "0")
                ?? throw new MissingFieldException(type.Name, name);
            Assert.Equal(offset, found.GetCustomAttribute<FieldOffsetAttribute>()!.Value);
            if (field.TryGetProperty("fields", out _))
            {
                Assert.Equal(field.GetProperty("size").GetInt32(), SizeOf(found.FieldType));
                AssertFields(field, found.FieldType, field.GetProperty("offset").GetInt32());
            }
            else if (field.TryGetProperty("array_len", out JsonElement length))
            {
                int count = found.Name == name
                    ? found.GetCustomAttribute<FixedBufferAttribute>()!.Length
                    : type.GetFields().Count(item => item.Name.StartsWith(name, StringComparison.Ordinal) && char.IsDigit(item.Name[^1]));
                Assert.Equal(length.GetInt32(), count);
            }
        }
    }

    private static TheoryData<string> Names(string kind) =>
    [
        .. s_facts.GetProperty(kind).EnumerateArray()
            .Where(item => !item.TryGetProperty("header", out _))
            .Select(item => item.GetProperty("name").GetString()!),
    ];

    private static JsonElement Find(string kind, string name) =>
        s_facts.GetProperty(kind).EnumerateArray().Single(item => item.GetProperty("name").GetString() == name);

    private static Type TypeOf(string name) => typeof(CUresult).Assembly.GetType($"CudaRpc.Driver.{name}", throwOnError: true)!;

    private static int SizeOf(Type type) =>
        (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;

    private sealed unsafe class StreamSpy : CudaDriver
    {
        public CUstream Seen { get; private set; }

        public override CUresult cuStreamQuery(CUstream hStream) => See(hStream);

        public override CUresult cuStreamDestroy_v2(CUstream hStream) => See(hStream);

        public override CUresult cuLaunchKernelEx(CUlaunchConfig* config, CUfunction f, void** kernelParams, void** extra) =>
            See(config->hStream);

        private CUresult See(CUstream stream)
        {
            Seen = stream;
            return CUresult.CUDA_SUCCESS;
        }
    }
}
